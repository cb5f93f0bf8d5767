// Tells the application around this frame whether the browser's session is still the one that it knows
// (OpenID Connect Session Management 1.0, 3.2). The hash is our own: plain http and old browsers have no WebCrypto.
(function () {
  "use strict";
  var cookie = document.currentScript.getAttribute("data-cookie") + "=";

  function browserState() {
    var found = document.cookie.split("; ").filter(function (one) { return one.indexOf(cookie) === 0; });
    return found.length ? found[0].slice(cookie.length) : "";
  }

  // SHA-256 (FIPS 180-4, 6.2): the fractions of square and cube roots of the first primes are its constants.
  var primes = [];
  for (var n = 2; primes.length < 64; n++) {
    if (primes.every(function (prime) { return n % prime; })) primes.push(n);
  }
  function fraction(root) { return ((root - Math.floor(root)) * 4294967296) | 0; }
  var K = primes.map(function (prime) { return fraction(Math.cbrt(prime)); });
  var START = primes.slice(0, 8).map(function (prime) { return fraction(Math.sqrt(prime)); });

  function turned(word, bits) { return (word >>> bits) | (word << (32 - bits)); }

  function padded(text) {
    var bytes = unescape(encodeURIComponent(text)), words = [], i;
    for (i = 0; i < bytes.length; i++) words[i >> 2] |= bytes.charCodeAt(i) << (24 - (i % 4) * 8);
    words[i >> 2] |= 0x80 << (24 - (i % 4) * 8);
    var length = ((i + 8) >> 6) * 16 + 16;
    for (var at = 0; at < length; at++) words[at] |= 0;
    words[length - 1] = i * 8;
    return words;
  }

  function compressed(hash, block) {
    var w = block.slice(), v = hash.slice();
    for (var t = 0; t < 64; t++) {
      if (t > 15) {
        var x = w[t - 15], y = w[t - 2];
        w[t] = (w[t - 16] + w[t - 7] + (turned(x, 7) ^ turned(x, 18) ^ (x >>> 3)) + (turned(y, 17) ^ turned(y, 19) ^ (y >>> 10))) | 0;
      }
      var one = (v[7] + (turned(v[4], 6) ^ turned(v[4], 11) ^ turned(v[4], 25)) + ((v[4] & v[5]) ^ (~v[4] & v[6])) + K[t] + w[t]) | 0;
      var two = ((turned(v[0], 2) ^ turned(v[0], 13) ^ turned(v[0], 22)) + ((v[0] & v[1]) ^ (v[0] & v[2]) ^ (v[1] & v[2]))) | 0;
      v = [(one + two) | 0, v[0], v[1], v[2], (v[3] + one) | 0, v[4], v[5], v[6]];
    }
    return hash.map(function (word, i) { return (word + v[i]) | 0; });
  }

  function sha256(text) {
    var words = padded(text), hash = START;
    for (var at = 0; at < words.length; at += 16) hash = compressed(hash, words.slice(at, at + 16));
    return hash.map(function (word) { return ("0000000" + (word >>> 0).toString(16)).slice(-8); }).join("");
  }

  function answer(message, origin) {
    var words = typeof message === "string" ? message.split(" ") : [];
    var salt = words.length === 2 ? words[1].split(".")[1] : undefined;
    if (!words[0] || !salt) return "error";
    var now = sha256([words[0], origin, browserState(), salt].join(" ")) + "." + salt;
    return now === words[1] ? "unchanged" : "changed";
  }

  window.addEventListener("message", function (event) {
    if (event.source && event.origin && event.origin !== "null") {
      event.source.postMessage(answer(event.data, event.origin), event.origin);
    }
  });
})();
