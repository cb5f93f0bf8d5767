// Registering a security key, and signing in with one: the form is sent once the key has answered.
import { ask, obstacle, silence, tell } from "./keys.js";

const field = document.querySelector("input[data-options]");
const form = field.form;
let asking = false;

async function answered() {
  if (asking) return;
  const why = obstacle();
  if (why) return tell(form, why);
  asking = true;
  silence(form);
  try {
    field.value = await ask(JSON.parse(field.dataset.options));
    form.submit();
  } catch (problem) {
    asking = false;
    tell(form, problem);
  }
}

form.addEventListener("submit", (event) => {
  event.preventDefault();
  answered();
});

if ("start" in field.dataset) answered();
