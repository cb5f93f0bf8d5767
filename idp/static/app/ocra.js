// OCRA: one-time codes over a challenge (RFC 6287). Everything that a suite may name but a session is supported.

import { fromHex, join, utf8 } from "./bytes.js";

const HASHES = { SHA1: "SHA-1", SHA256: "SHA-256", SHA512: "SHA-512" };
const SUITE = /^OCRA-1:HOTP-(SHA1|SHA256|SHA512)-(\d+):(?:(C)-)?Q([ANH])(\d\d)(?:-P(SHA1|SHA256|SHA512))?(?:-T(\d+)([SMH]))?$/;
const SECONDS = { S: 1, M: 60, H: 3600 };
const QUESTION_BYTES = 128;

// The code that `key` (bytes) gives in a suite for the inputs that it names: `question` (text), `counter`, `pin` (text),
// `time` (seconds since 1970). Throws SyntaxError for a suite or a question that is none.
export const code = async (suite, key, inputs) => {
  const parts = SUITE.exec(suite);
  if (!parts) throw new SyntaxError("not a suite");
  const hash = HASHES[parts[1]];
  const secret = await crypto.subtle.importKey("raw", key, { name: "HMAC", hash }, false, ["sign"]);
  const message = join(utf8(suite), Uint8Array.of(0), ...(await data(parts, inputs)));
  return truncated(new Uint8Array(await crypto.subtle.sign("HMAC", secret, message)), Number(parts[2]));
};

const data = async ([, , , counter, format, length, pinHash, step, unit], inputs) => {
  const parts = [question(format, Number(length), inputs.question)];
  if (counter) parts.unshift(eightBytes(BigInt(inputs.counter)));
  if (pinHash) parts.push(new Uint8Array(await crypto.subtle.digest(HASHES[pinHash], utf8(inputs.pin))));
  if (step) parts.push(eightBytes(BigInt(Math.floor(inputs.time / (Number(step) * SECONDS[unit])))));
  return parts;
};

// Section 5.1: text as it is, a decimal number written in hexadecimal, hexadecimal digits; zeros fill the end.
const question = (format, length, asked) => {
  if (asked.length > 2 * length) throw new SyntaxError("the question is too long"); // mutual challenges are two in one
  const bytes = { A: utf8, N: (digits) => filled(BigInt(digits).toString(16)), H: filled }[format](asked);
  return join(bytes, new Uint8Array(QUESTION_BYTES - bytes.length));
};

const filled = (hex) => fromHex(hex.length % 2 ? `${hex}0` : hex);

const eightBytes = (number) => {
  const bytes = new DataView(new ArrayBuffer(8));
  bytes.setBigUint64(0, number);
  return new Uint8Array(bytes.buffer);
};

// RFC 4226, 5.3: four bytes at the place that the last half byte names.
const truncated = (hmac, digits) => {
  const at = hmac[hmac.length - 1] & 0xf;
  const number = new DataView(hmac.buffer).getUint32(at) & 0x7fffffff;
  return String(number % 10 ** digits).padStart(digits, "0");
};
