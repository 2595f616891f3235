// A toast leaves after 8 s, but not while it is being read or reached for.
const LASTING_MS = 8000;

function arm(toast) {
  toast.removeAttribute("data-toast");
  document.getElementById("toasts")?.append(toast);
  let timer = setTimeout(() => toast.remove(), LASTING_MS);
  const hold = () => clearTimeout(timer);
  const release = () => {
    clearTimeout(timer);
    timer = setTimeout(() => toast.remove(), LASTING_MS);
  };
  for (const name of ["pointerenter", "focusin"]) toast.addEventListener(name, hold);
  for (const name of ["pointerleave", "focusout"]) toast.addEventListener(name, release);
}

function armAll() {
  for (const toast of document.querySelectorAll("[data-toast]")) arm(toast);
}
armAll();
document.addEventListener("retour:swapped", armAll);
