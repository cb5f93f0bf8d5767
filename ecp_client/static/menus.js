// Menus work without this; with it they close on Escape and on a click outside, and errors get the focus.
const menus = () => document.querySelectorAll("details.pop[open]");

document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  for (const menu of menus()) {
    menu.open = false;
    menu.querySelector("summary").focus();
  }
});

document.addEventListener("click", (event) => {
  for (const menu of menus()) {
    if (!menu.contains(event.target)) menu.open = false;
  }
});

document.querySelector('[role="alert"][tabindex="-1"]')?.focus();
