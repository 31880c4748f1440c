// Noise in what a page reads back of canvas, WebGL and audio. It depends on the seed and on the value that is read, on
// nothing else: the same picture reads the same in every context, in whole or in part, the first time or the tenth.
// Plain colours and round samples, with which a page could test us, stay what they are.
(() => {
	"use strict";
	const key = "KEY", seed = "SEED";
	const {apply, defineProperty, getOwnPropertyDescriptor} = Reflect;
	const {imul} = Math;
	const {get} = WeakMap.prototype;

	// Our functions and the native ones they stand for. toString answers to the key with this list: so a second run
	// finds the first, and the pages and frames of one site share one list.
	const listOf = (realm) => {
		try {
			const list = apply(realm.Function.prototype.toString, key, []);
			return typeof list === "object" ? list : null;
		} catch {
			return null; // a native toString, or another site's page
		}
	};
	if (listOf(globalThis)) return;
	const natives = listOf(globalThis.parent) ?? listOf(globalThis.opener) ?? new WeakMap();

	const replace = (owner, name, handle) => {
		const property = owner && getOwnPropertyDescriptor(owner, name);
		if (typeof property?.value !== "function") return;
		const native = property.value;
		const ours = new Proxy(native, {apply: (_, self, args) => handle(native, self, args)});
		natives.set(ours, native);
		defineProperty(owner, name, {...property, value: ours});
	};
	replace(Function.prototype, "toString", (native, self, args) =>
		self === key ? natives : apply(native, apply(get, natives, [self]) ?? self, args));

	const hash = (x) => {
		x = imul(x ^ x >>> 16, 0x85ebca6b);
		x = imul(x ^ x >>> 13, 0xc2b2ae35);
		return x ^ x >>> 16;
	};

	// One colour of eight gets the lowest bit of one channel from the seed.
	const full = (v) => v === 0 || v === 255;
	const grainPixels = (data, from, to) => {
		for (let i = from; i + 3 < to; i += 4) {
			const r = data[i], g = data[i + 1], b = data[i + 2];
			if (data[i + 3] === 0 || full(r) && full(g) && full(b)) continue;
			const h = hash(seed ^ (r >> 1 | g >> 1 << 7 | b >> 1 << 14));
			if (h & 7) continue;
			const at = i + (h >>> 3 & 3) % 3;
			data[at] = data[at] & ~1 | h >>> 5 & 1;
		}
	};

	// One sample of eight gets its lowest six bits of 24 from the seed.
	const grainSamples = (samples) => {
		const bits = new Uint32Array(samples.buffer, samples.byteOffset, samples.length);
		for (let i = 0; i < bits.length; i++) {
			const v = bits[i];
			if ((v & 0xfff) === 0 || (v & 0x7f800000) === 0x7f800000) continue;
			const h = hash(seed ^ v >>> 6);
			if ((h & 7) === 0) bits[i] = v & ~63 | h >>> 3 & 63;
		}
	};

	// A canvas with the same picture and noise, or the canvas itself where there is nothing to read.
	const {OffscreenCanvasRenderingContext2D: Off, CanvasRenderingContext2D: On} = globalThis;
	const tools = (Context, canvas) => Context && {
		Context, canvas, context: canvas.prototype.getContext,
		draw: Context.prototype.drawImage, read: Context.prototype.getImageData, write: Context.prototype.putImageData,
	};
	const off = tools(Off, globalThis.OffscreenCanvas), on = tools(On, globalThis.HTMLCanvasElement);
	const {createElement} = globalThis.Document?.prototype ?? {};
	const grained = (canvas, t, make) => {
		try {
			const {width, height} = canvas;
			const copy = make(width, height);
			const context = apply(t.context, copy, ["2d", {willReadFrequently: true}]);
			apply(t.draw, context, [canvas, 0, 0]);
			const picture = apply(t.read, context, [0, 0, width, height]);
			grainPixels(picture.data, 0, picture.data.length);
			apply(t.write, context, [picture, 0, 0]);
			return copy;
		} catch {
			return canvas; // empty, of another site, or no canvas: the native function says so
		}
	};
	const sheet = (width, height) => new off.canvas(width, height);
	const element = (width, height) => {
		const made = apply(createElement, document, ["canvas"]);
		made.width = width;
		made.height = height;
		return made;
	};
	for (const name of ["toDataURL", "toBlob"]) {
		replace(on?.canvas.prototype, name, (native, self, args) => apply(native, grained(self, on, element), args));
	}
	replace(off?.canvas.prototype, "convertToBlob", (native, self, args) => apply(native, grained(self, off, sheet), args));

	for (const Context of [On, Off]) {
		replace(Context?.prototype, "getImageData", (native, self, args) => {
			const picture = apply(native, self, args);
			if (picture.data.BYTES_PER_ELEMENT === 1) grainPixels(picture.data, 0, picture.data.length);
			return picture;
		});
	}

	const RGBA = 0x1908, UNSIGNED_BYTE = 0x1401;
	for (const Context of [globalThis.WebGLRenderingContext, globalThis.WebGL2RenderingContext]) {
		replace(Context?.prototype, "readPixels", (native, self, args) => {
			apply(native, self, args);
			const [, , width, height, format, type, into, from = 0] = args;
			if (format === RGBA && type === UNSIGNED_BYTE && into?.BYTES_PER_ELEMENT === 1) {
				grainPixels(into, from, Math.min(into.length, from + width * height * 4));
			}
		});
	}

	replace(globalThis.AudioBuffer?.prototype, "getChannelData", (native, self, args) => {
		const samples = apply(native, self, args);
		grainSamples(samples);
		return samples;
	});
	replace(globalThis.AudioBuffer?.prototype, "copyFromChannel", (native, self, args) => {
		apply(native, self, args);
		grainSamples(args[0]);
	});
	for (const name of ["getFloatFrequencyData", "getFloatTimeDomainData"]) {
		replace(globalThis.AnalyserNode?.prototype, name, (native, self, args) => {
			apply(native, self, args);
			grainSamples(args[0]);
		});
	}
})();
