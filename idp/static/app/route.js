// Which screen is shown. Home lies below all others, so that the phone's own "back" leads there and not out of the app.

const screens = {};
let current = "home";

export const register = (table) => Object.assign(screens, table);

export const go = (name, ...given) => {
  if (name === "home" && history.state === "above home") {
    history.back();
    return undefined;
  }
  if (name !== "home" && history.state !== "above home") history.pushState("above home", "");
  return render(name, ...given);
};

// Whether a screen is still wanted; one that had to wait for something asks before it shows itself.
export const at = (name) => current === name;

// A link that was followed within the app is a step in the history too, and is opened elsewhere.
window.addEventListener("popstate", () => history.state !== "above home" && !location.hash && render("home"));

const render = (name, ...given) => {
  current = name;
  return screens[name](...given);
};
