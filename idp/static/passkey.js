// Signing in with a passkey, without typing who one is: by the button, or from the list that browsers show at the field.
import { ask, obstacle, silence, tell } from "./keys.js";

// The server's question lives five minutes; an open page asks for a new one before that.
const MILLISECONDS = 4 * 60 * 1000;

const place = document.querySelector("[data-passkey]");
const form = place.querySelector("form");
let waiting = null;
let asking = false;

async function question() {
  const headers = { "X-CSRFToken": form.elements.csrf_token.value };
  const answer = await fetch(form.dataset.optionsFrom, { method: "POST", headers }).catch(() => null);
  if (!answer) throw new DOMException("no answer", "NetworkError");
  if (answer.redirected || !answer.ok) {
    location.reload(); // somebody went on elsewhere, or the page is too old
    return new Promise(() => {});
  }
  return (await answer.json()).options;
}

function send(credential) {
  form.elements.credential.value = credential;
  form.submit();
}

// The browser lists passkeys at the field for the name, and answers when the person chooses one, if ever.
async function list() {
  if (asking) return;
  waiting?.abort();
  waiting = new AbortController();
  const { signal } = waiting;
  try {
    const options = await question();
    if (!signal.aborted) send(await ask(options, { mediation: "conditional", signal }));
  } catch {
    // Nobody waits for this: the button and the password are there.
  }
}

async function pressed(event) {
  event.preventDefault();
  if (asking) return;
  asking = true;
  silence(place);
  waiting?.abort();
  try {
    send(await ask(await question()));
  } catch (problem) {
    asking = false;
    tell(place, problem);
    lists();
  }
}

async function lists() {
  if (await PublicKeyCredential.isConditionalMediationAvailable?.()) list();
}

if (!obstacle()) {
  place.hidden = false;
  form.addEventListener("submit", pressed);
  setInterval(lists, MILLISECONDS);
  lists();
}
