// A page that waits for the person's phone asks now and then whether it can go on; without script there is a button.
const place = document.querySelector("[data-waiting]");
const EVERY = 2000;

const show = ({ seconds, left }) => {
  place.querySelector("progress").value = seconds;
  place.querySelector("label").textContent = left;
};

const goOn = () => (place.dataset.then === "reload" ? location.reload() : place.closest("form").requestSubmit());

const ask = async () => {
  try {
    const answer = await fetch(place.dataset.waiting, { headers: { Accept: "application/json" } });
    if (answer.ok) {
      const told = await answer.json();
      if (told.state !== "waiting") return goOn();
      show(told);
    }
  } catch {
    // No network for a moment: asked again.
  }
  setTimeout(ask, EVERY);
};

if (place) {
  for (const text of document.querySelectorAll("[data-scripted]")) text.hidden = false;
  setTimeout(ask, EVERY);
}
