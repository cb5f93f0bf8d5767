// The window: elements, the view that is shown, and what is said to those who listen instead of looking.

const SVG = "http://www.w3.org/2000/svg";
const main = () => document.getElementById("main");

// An element with properties, attributes (`aria-label`, `role`) and children; text is text, never markup.
export const el = (name, given = {}, ...children) => {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(given)) set(element, key, value);
  element.append(...children.flat().filter((child) => child !== null && child !== undefined));
  return element;
};

const set = (element, key, value) => {
  if (key.startsWith("on")) element.addEventListener(key.slice(2), value);
  else if (key in element && typeof value !== "string") element[key] = value;
  else element.setAttribute(key, value);
};

// A drawing of the sprite.
export const icon = (name) => {
  const drawing = document.createElementNS(SVG, "svg");
  const use = document.createElementNS(SVG, "use");
  use.setAttribute("href", `${new URL("../icons.svg", import.meta.url).pathname}#${name}`);
  for (const [key, value] of Object.entries({ width: 24, height: 24, "aria-hidden": true, focusable: false })) {
    drawing.setAttribute(key, value);
  }
  drawing.append(use);
  return drawing;
};

export const button = (label, onclick, kind = "") =>
  el("button", { type: "button", class: `m__btn ${kind}`.trim(), onclick }, label);

// A list of names and values.
export const facts = (pairs) =>
  el("dl", { class: "kv" }, ...pairs.flatMap(([name, value]) => [el("dt", {}, name), el("dd", {}, value)]));

let leaving = () => {};

// Show a view: its heading gets the focus, so that it is read first. `left` is called when another view comes.
export const show = (heading, content, left = () => {}) => {
  leaving();
  leaving = left;
  const title = el("h1", { tabindex: "-1" }, heading);
  main().replaceChildren(title, ...content.flat().filter(Boolean));
  document.title = `${heading} - ERN Login`;
  window.scrollTo(0, 0);
  title.focus({ preventScroll: true });
};

// Say something to screen readers; what is visible stands in the view already.
export const announce = (words) => {
  const place = document.getElementById("said");
  place.textContent = "";
  setTimeout(() => (place.textContent = words), 50);
};

// An error beside the form that it is about: seen, read at once, and tied to its field.
export const complain = (form, words, field) => {
  const place = form.querySelector(".m__err");
  place.textContent = words;
  for (const input of form.querySelectorAll("input")) input.removeAttribute("aria-invalid");
  if (!field) return;
  field.setAttribute("aria-invalid", "true");
  field.setAttribute("aria-describedby", place.id);
  field.focus();
};

export const errorPlace = (id) => el("p", { class: "m__err", id, role: "alert" });
