// Protobuf without a schema: messages are lists of [field, value] out, and Maps of field to values in.
function pack(pairs) {
  const out = [];
  const varint = (n) => { n = BigInt(n); while (n > 127n) { out.push(Number(n & 127n) | 128); n >>= 7n; } out.push(Number(n)); };
  for (const [field, value] of pairs) {
    if (value === undefined || value === "" || value === 0) continue;
    if (typeof value === "number" || typeof value === "bigint") { varint(field << 3); varint(value); continue; }
    const bytes = Array.isArray(value) ? pack(value) : new TextEncoder().encode(value);
    varint(field << 3 | 2); varint(bytes.length); for (const b of bytes) out.push(b);
  }
  return new Uint8Array(out);
}

function unpack(bytes) {
  const fields = new Map();
  let at = 0;
  const varint = () => { let n = 0n, shift = 0n; for (;;) { const b = bytes[at++]; n |= BigInt(b & 127) << shift; if (b < 128) return n; shift += 7n; } };
  while (at < bytes.length) {
    const tag = Number(varint()), field = tag >> 3;
    let value;
    if ((tag & 7) === 0) value = varint();
    else if ((tag & 7) === 2) { const n = Number(varint()); value = bytes.subarray(at, at += n); } else throw new Error("wire type " + (tag & 7));
    fields.has(field) ? fields.get(field).push(value) : fields.set(field, [value]);
  }
  return fields;
}
const subs = (m, field) => (m.get(field) || []).map(unpack);
const sub = (m, field) => subs(m, field)[0] || new Map();
const num = (m, field) => Number((m.get(field) || [0n])[0]);
const id = (m, field) => String((m.get(field) || [0n])[0]);
const str = (m, field) => new TextDecoder().decode((m.get(field) || [new Uint8Array()])[0]);
