// Bytes and the ways they are written: UTF-8, hexadecimal, base64url (RFC 4648, 5).

export const utf8 = (text) => new TextEncoder().encode(text);

export const text = (bytes) => new TextDecoder("utf-8", { fatal: true }).decode(bytes);

export const join = (...parts) => {
  const joined = new Uint8Array(parts.reduce((length, part) => length + part.length, 0));
  let at = 0;
  for (const part of parts) {
    joined.set(part, at);
    at += part.length;
  }
  return joined;
};

export const xor = (one, other) => {
  if (one.length !== other.length) throw new RangeError("two lengths");
  return one.map((byte, place) => byte ^ other[place]);
};

export const toBase64url = (bytes) =>
  btoa(String.fromCharCode(...new Uint8Array(bytes)))
    .replaceAll("+", "-")
    .replaceAll("/", "_")
    .replaceAll("=", "");

export const fromBase64url = (written) => {
  if (!/^[A-Za-z0-9_-]*$/.test(written)) throw new SyntaxError("not base64url");
  return Uint8Array.from(atob(written.replaceAll("-", "+").replaceAll("_", "/")), (sign) => sign.charCodeAt(0));
};

export const fromHex = (written) => {
  if (!/^([0-9a-f]{2})*$/i.test(written)) throw new SyntaxError("not hexadecimal");
  return Uint8Array.from(written.match(/../g) ?? [], (pair) => parseInt(pair, 16));
};
