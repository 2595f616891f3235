// Where the page waits for an outside answer it looks again by itself, unless somebody typed something meanwhile.
const LOOK_AGAIN_MS = 1500;
let isTouched = false;

document.addEventListener("input", () => {
  isTouched = true;
});
document.addEventListener("DOMContentLoaded", () => {
  const button = document.querySelector("button[data-again]");
  if (button) {
    setTimeout(() => {
      if (!isTouched) button.form.requestSubmit(button);
    }, LOOK_AGAIN_MS);
  }
});
