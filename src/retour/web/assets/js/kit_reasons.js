// A reason that asks more shows its questions at once: what is typed is kept, and the page comes back with them.
document.addEventListener("change", (event) => {
  const list = event.target.closest("[data-reasons]");
  if (list && ("asks" in event.target.dataset || "asked" in list.dataset)) {
    list.closest("form").requestSubmit(list.querySelector("[data-reasons-chosen]"));
  }
});
