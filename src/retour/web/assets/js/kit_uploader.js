// Chosen photos are shown by name before they are sent; more than the limit is said at once.
document.addEventListener("change", (event) => {
  const input = event.target;
  if (!(input instanceof HTMLInputElement) || input.type !== "file") return;
  const send = input.dataset.send && document.getElementById(input.dataset.send);
  if (send && input.files.length) {
    input.form.requestSubmit(send); // where a page keeps what is typed, chosen files are sent at once
    return;
  }
  const list = document.querySelector(`[data-chosen="${CSS.escape(input.name)}"]`);
  if (!list) return;
  const most = Number(input.dataset.most || 5);
  const files = [...input.files].slice(0, most);
  if (files.length < input.files.length) {
    const kept = new DataTransfer();
    for (const file of files) kept.items.add(file);
    input.files = kept.files;
  }
  list.replaceChildren(...files.map(shown));
});

function shown(file, index) {
  const item = document.createElement("li");
  const place = document.createElement("span");
  place.className = "thumb";
  place.setAttribute("aria-hidden", "true");
  place.textContent = String(index + 1);
  const name = document.createElement("span");
  name.className = "file-name";
  name.textContent = file.name;
  item.append(place, name);
  const reader = new FileReader();
  reader.addEventListener("load", () => {
    const picture = new Image(96, 96);
    picture.alt = "";
    picture.addEventListener("load", () => place.replaceWith(picture));
    picture.src = reader.result;
  });
  reader.readAsDataURL(file);
  return item;
}
