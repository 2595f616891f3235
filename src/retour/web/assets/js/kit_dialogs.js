// A link with data-opens="id" opens that dialog in place; without script it leads to the page that does the same.
document.addEventListener("click", (event) => {
  const opener = event.target.closest("[data-opens]");
  if (!opener || event.metaKey || event.ctrlKey || event.shiftKey) return;
  const dialog = document.getElementById(opener.dataset.opens);
  if (!(dialog instanceof HTMLDialogElement)) return;
  event.preventDefault();
  open(dialog);
});

document.addEventListener("click", (event) => {
  // A press on the backdrop is a press on the dialog itself, outside its box.
  const dialog = event.target;
  if (!(dialog instanceof HTMLDialogElement) || !dialog.open) return;
  const box = dialog.getBoundingClientRect();
  const inside = event.clientX >= box.left && event.clientX <= box.right && event.clientY >= box.top && event.clientY <= box.bottom;
  if (!inside) dialog.close();
});

document.addEventListener("click", (event) => {
  const closer = event.target.closest("[data-closes]");
  const dialog = closer?.closest("dialog");
  if (!dialog) return;
  event.preventDefault();
  dialog.close();
});

function open(dialog) {
  if (dialog.open) return;
  dialog.showModal();
  // The safest control, where the page names one.
  dialog.querySelector("[data-safe]")?.focus();
}

for (const dialog of document.querySelectorAll("dialog[data-open]")) open(dialog);

// The side panel is a page; Escape leads back to the list it was opened from.
document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape" || document.querySelector("dialog[open]")) return;
  const panel = document.querySelector("[data-side-panel]");
  if (panel) location.assign(panel.dataset.close);
});

// A menu closes on Escape, and on a press beside it.
document.addEventListener("keydown", (event) => {
  const menu = event.key === "Escape" && document.querySelector("details.menu[open]");
  if (!menu) return;
  menu.open = false;
  menu.querySelector("summary").focus();
});
document.addEventListener("click", (event) => {
  for (const menu of document.querySelectorAll("details.menu[open]")) if (!menu.contains(event.target)) menu.open = false;
});
