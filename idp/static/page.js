// What every page gains with script; without it everything still works.

// After a refused form the errors are read first.
document.getElementById("error-summary")?.focus();

// Open menus close on Escape and on a click elsewhere.
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
