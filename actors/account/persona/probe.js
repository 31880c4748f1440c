// What a context can learn of its browser, as texts by name. zone is the expected time zone, whose other spellings
// count as the same; with deep it also reads what canvas, WebGL and audio give back.
async function probe(zone, deep) {
	const answer = {};
	const put = (name, value) => { if (value !== undefined && value !== null) answer[name] = String(value); };
	const sum = async (bytes) => {
		const digest = await crypto.subtle.digest("SHA-256", bytes);
		return [...new Uint8Array(digest, 0, 8)].map((b) => b.toString(16).padStart(2, "0")).join("");
	};
	const list = (brands) => brands.map((b) => b.brand + ";" + b.version).join();
	const resolved = (options) => Intl.DateTimeFormat("en", options).resolvedOptions().timeZone;
	const isZone = (own) => { try { return resolved({timeZone: zone}) === own; } catch { return false; } };

	put("user_agent", navigator.userAgent);
	put("platform", navigator.platform);
	put("languages", navigator.languages.join());
	put("language", navigator.language);
	put("locale", Intl.DateTimeFormat().resolvedOptions().locale);
	put("time_zone", isZone(resolved()) ? zone : resolved());
	put("cores", navigator.hardwareConcurrency);
	put("memory", navigator.deviceMemory);
	put("webdriver", navigator.webdriver ?? false);
	const hints = navigator.userAgentData;
	if (hints) {
		const high = await hints.getHighEntropyValues(["architecture", "bitness", "formFactors", "fullVersionList", "model", "platformVersion", "uaFullVersion"]);
		put("brands", list(hints.brands));
		put("full_versions", list(high.fullVersionList));
		put("full_version", high.uaFullVersion);
		put("hints", [hints.platform, high.platformVersion, high.architecture, high.bitness, high.model, hints.mobile, high.formFactors.join()].join("/"));
	}
	if (globalThis.screen) {
		put("screen", screen.width + "x" + screen.height + "@" + devicePixelRatio);
	}
	if (!deep) return answer;

	// Both kinds of canvas draw the same.
	const draw = (canvas) => {
		const c = canvas.getContext("2d");
		const shade = c.createLinearGradient(0, 0, canvas.width, canvas.height);
		shade.addColorStop(0, "#f60");
		shade.addColorStop(1, "#069");
		c.fillStyle = shade;
		c.fillRect(4, 4, canvas.width - 60, canvas.height - 20);
		c.font = "17px sans-serif";
		c.fillStyle = "rgba(16, 32, 48, 0.7)";
		c.fillText("Cwm fjord, 评论 0123", 8, 34);
		c.beginPath();
		c.arc(canvas.width - 40, 30, 22, 0, 5);
		c.fill();
		return c.getImageData(0, 0, canvas.width, canvas.height).data;
	};
	const sheet = new OffscreenCanvas(240, 60);
	put("canvas", await sum(draw(sheet)));
	put("canvas_file", await sum(await (await sheet.convertToBlob()).arrayBuffer()));
	if (globalThis.document) {
		const element = Object.assign(document.createElement("canvas"), {width: 240, height: 60});
		put("canvas_element", await sum(draw(element)));
		put("canvas_address", await sum(new TextEncoder().encode(element.toDataURL())));
		const file = await new Promise((done) => element.toBlob(done));
		put("canvas_element_file", await sum(await file.arrayBuffer()));
	}
	const pen = sheet.getContext("2d");
	const width = (family) => { pen.font = "40px " + family; return pen.measureText("mmMwWli 评论 %&@0").width; };
	put("fonts", await sum(new TextEncoder().encode(["serif", "sans-serif", "monospace", "cursive", "Arial", "Times New Roman",
		"Noto Sans CJK SC", "Noto Serif", "DejaVu Sans", "Liberation Sans", "Microsoft YaHei", "SimSun", "PingFang SC"].map(width).join())));

	const gl = new OffscreenCanvas(64, 64).getContext("webgl");
	if (gl) {
		const names = gl.getExtension("WEBGL_debug_renderer_info");
		put("graphics", names && gl.getParameter(names.UNMASKED_VENDOR_WEBGL) + ", " + gl.getParameter(names.UNMASKED_RENDERER_WEBGL));
		const program = gl.createProgram();
		for (const [kind, source] of [
			[gl.VERTEX_SHADER, "attribute vec2 at; varying vec2 p; void main() { p = at; gl_Position = vec4(at, 0, 1); }"],
			[gl.FRAGMENT_SHADER, "precision highp float; varying vec2 p; void main() { gl_FragColor = vec4(sin(p * 3.1), cos(p.x * p.y), 1); }"],
		]) {
			const shader = gl.createShader(kind);
			gl.shaderSource(shader, source);
			gl.compileShader(shader);
			gl.attachShader(program, shader);
		}
		gl.linkProgram(program);
		gl.useProgram(program);
		gl.bindBuffer(gl.ARRAY_BUFFER, gl.createBuffer());
		gl.bufferData(gl.ARRAY_BUFFER, new Float32Array([-1, -0.9, 0.9, -0.4, 0.1, 1]), gl.STATIC_DRAW);
		gl.enableVertexAttribArray(0);
		gl.bindAttribLocation(program, 0, "at");
		gl.vertexAttribPointer(0, 2, gl.FLOAT, false, 0, 0);
		gl.drawArrays(gl.TRIANGLES, 0, 3);
		const pixels = new Uint8Array(64 * 64 * 4);
		gl.readPixels(0, 0, 64, 64, gl.RGBA, gl.UNSIGNED_BYTE, pixels);
		put("webgl", await sum(pixels));
		gl.getExtension("WEBGL_lose_context")?.loseContext();
	}

	if (globalThis.OfflineAudioContext) {
		const audio = new OfflineAudioContext(1, 5000, 44100);
		const tone = new OscillatorNode(audio, {type: "triangle", frequency: 10000});
		const analyser = new AnalyserNode(audio);
		tone.connect(new DynamicsCompressorNode(audio, {threshold: -50, knee: 40, ratio: 12, attack: 0})).connect(analyser).connect(audio.destination);
		tone.start();
		const played = await audio.startRendering();
		const copied = new Float32Array(5000), heard = new Float32Array(analyser.frequencyBinCount);
		played.copyFromChannel(copied, 0);
		analyser.getFloatFrequencyData(heard);
		put("audio", await sum(played.getChannelData(0)));
		put("audio_copy", await sum(copied));
		put("audio_spectrum", await sum(heard));
	}
	return answer;
}
