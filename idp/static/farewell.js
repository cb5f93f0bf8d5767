// Leads on from the last page of a session once the applications in its frames were told, or do not answer.
const next = document.querySelector("a[data-next]");
if (next) {
  const go = () => location.replace(next.href);
  setTimeout(go, Number(next.dataset.next) * 1000);
  addEventListener("load", go);
}
