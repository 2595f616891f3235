// Forms: one submit at a time, the focus on what is wrong, amounts as they will be read.
const BUSY_MS = 8000;

document.addEventListener("submit", (event) => {
  const form = event.target;
  if (form.method === "dialog" || event.defaultPrevented) return;
  if (form.dataset.sent) {
    event.preventDefault();
    return;
  }
  form.dataset.sent = "1";
  const button = event.submitter;
  if (button) button.setAttribute("aria-disabled", "true");
  // A page that stays (a download, a lost connection) must be usable again.
  setTimeout(() => free(form, button), BUSY_MS);
});

function free(form, button) {
  delete form.dataset.sent;
  if (button) button.removeAttribute("aria-disabled");
}

// Back brings the page as it was left: busy buttons and all.
window.addEventListener("pageshow", (event) => {
  if (!event.persisted) return;
  for (const form of document.querySelectorAll("form[data-sent]")) delete form.dataset.sent;
  for (const button of document.querySelectorAll("[aria-disabled]")) button.removeAttribute("aria-disabled");
});

// A script of ours has put a new part into the page.
document.addEventListener("retour:swapped", () => {
  for (const form of document.querySelectorAll("form[data-sent]")) delete form.dataset.sent;
  for (const button of document.querySelectorAll(".button[aria-disabled]")) button.removeAttribute("aria-disabled");
  focusSummary();
});

// On a whole page the browser does this by itself (autofocus).
function focusSummary() {
  document.querySelector(".error-summary[data-focus]")?.focus();
  document.querySelector(".error-summary[data-focus]")?.removeAttribute("data-focus");
}

// "1200,5" becomes "1200,50" on leaving the field; what cannot be read is left for the server to explain.
document.addEventListener("focusout", (event) => {
  const field = event.target;
  if (!(field instanceof HTMLInputElement) || field.dataset.money === undefined) return;
  const match = /^\s*(\d+)([.,])(\d)\s*$/.exec(field.value);
  if (match) field.value = `${match[1]}${match[2]}${match[3]}0`;
});
