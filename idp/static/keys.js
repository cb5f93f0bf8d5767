// What security keys and passkeys share: asking the browser's authenticator (Web Authentication Level 3, 5.1).

const bytes = (text) =>
  Uint8Array.from(atob(text.replaceAll("-", "+").replaceAll("_", "/")), (one) => one.charCodeAt(0));

const text = (buffer) =>
  btoa(String.fromCharCode(...new Uint8Array(buffer))).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");

const ids = (list = []) => list.map((one) => ({ ...one, id: bytes(one.id) }));

// Browsers of before 2025 read and write no JSON themselves.
function parsed(options) {
  const making = "rp" in options;
  const read = making ? "parseCreationOptionsFromJSON" : "parseRequestOptionsFromJSON";
  if (PublicKeyCredential[read]) return PublicKeyCredential[read](options);
  const challenge = bytes(options.challenge);
  if (!making) return { ...options, challenge, allowCredentials: ids(options.allowCredentials) };
  const user = { ...options.user, id: bytes(options.user.id) };
  return { ...options, challenge, user, excludeCredentials: ids(options.excludeCredentials) };
}

function written(credential) {
  if (credential.toJSON) return credential.toJSON();
  const { id, type, response } = credential;
  const told = { transports: response.getTransports?.() };
  for (const name of ["clientDataJSON", "attestationObject", "authenticatorData", "signature", "userHandle"]) {
    if (response[name]) told[name] = text(response[name]);
  }
  return { id, rawId: id, type, response: told, clientExtensionResults: credential.getClientExtensionResults() };
}

// The answer to WebAuthn options, as the text that the server reads.
export async function ask(options, how = {}) {
  const wish = { publicKey: parsed(options), ...how };
  const does = "rp" in options ? "create" : "get";
  return JSON.stringify(written(await navigator.credentials[does](wish)));
}

// Why no key can be asked here; nothing if one can.
export function obstacle() {
  if (!window.isSecureContext) return "insecure";
  return window.PublicKeyCredential && navigator.credentials ? "" : "unsupported";
}

const REASONS = {
  NotAllowedError: "cancelled",
  AbortError: "cancelled",
  InvalidStateError: "held",
  ConstraintError: "unfit",
  NotSupportedError: "unfit",
  SecurityError: "address",
  NetworkError: "offline",
};

// Says in the page what went wrong; the words stand there in the person's language.
export function tell(place, problem) {
  const box = place.querySelector("[data-problem]");
  const reason = typeof problem === "string" ? problem : REASONS[problem.name];
  box.querySelector("[data-words]").textContent = box.dataset[reason] ?? box.dataset.unknown;
  box.hidden = false;
  box.focus();
}

export function silence(place) {
  place.querySelector("[data-problem]").hidden = true;
}
