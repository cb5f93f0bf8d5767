// What the last round of questions told: shown on the home screen, or as a band below any other.

import { announce, button, el } from "../page.js";
import { at, go } from "../route.js";
import { t, time } from "../words.js";

let last = { requests: [], reached: true, pausedUntil: 0, states: "" };
let offer = null;
const seen = new Set();

// Take what a round told. A new request opens by itself where nobody is in the middle of something.
export const heard = (told) => {
  const states = last.states;
  last = told;
  const [fresh] = told.requests.filter(({ id }) => !seen.has(id));
  for (const { id } of told.requests) seen.add(id);
  if (at("home")) {
    if (fresh) return go("request", fresh);
    if (states !== told.states) return go("home");
  }
  if (fresh) announce(t("news.request", fresh));
  return draw();
};

// Whether a request still waits for an answer.
export const stillOpen = (id) => last.requests.some((request) => request.id === id);

// A request was answered here: it is not offered again until the next round confirms it.
export const answered = (id) => {
  last = { ...last, requests: last.requests.filter((request) => request.id !== id) };
};

// A new version of the app is there; `accept` starts it.
export const offerUpdate = (accept) => {
  offer = accept;
  draw();
};

// Where the first screen tells the news; filled once it is shown, so that the band no longer says the same.
export const newsPlace = () => {
  queueMicrotask(draw);
  return el("div", { id: "news", class: "flow" });
};

const draw = () => {
  const place = document.getElementById("news");
  const content = [...waiting(), ...update()];
  if (place) place.replaceChildren(...said(), ...waiting());
  const band = document.getElementById("band");
  // Who reads or refuses a request is not led to it again, least of all by what lies over the button that stops it.
  const here = ["home", "request", "deny"].some(at);
  band.replaceChildren(...(here ? update() : content));
  band.hidden = !band.childElementCount;
};

const said = () => {
  if (!last.reached) return [el("p", { class: "soft" }, t("news.offline"))];
  if (last.pausedUntil) return [el("p", {}, t("news.paused", { time: time(last.pausedUntil * 1000) }))];
  return last.requests.length ? [] : [el("p", { class: "soft" }, t("news.nothing"))];
};

const waiting = () =>
  last.requests.map((request) => button(t("news.request", request), () => go("request", request), "m__btn--go"));

const update = () => (offer ? [el("p", {}, t("update.there")), button(t("update.start"), offer)] : []);
