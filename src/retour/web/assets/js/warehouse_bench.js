// On the bench: a letter picks the condition, a chosen photo is sent at once, with everything that was typed.
const bench = document.querySelector("form[data-bench]");
if (bench) {
  const add = bench.querySelector(".dock-add-photo");
  const photo = bench.elements.photo;
  photo.addEventListener("change", () => photo.files.length && bench.requestSubmit(add));
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.target.closest("textarea, select, input:not([type=radio])")) return;
    const grade = bench.querySelector(`[data-key="${CSS.escape(event.key.toUpperCase())}"]`);
    if (!grade) return;
    event.preventDefault();
    grade.checked = true;
    grade.focus();
  });
}
