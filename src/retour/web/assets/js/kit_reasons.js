// Where reasons are many, their groups are closed but for the chosen one; a reason that asks more shows it at once.
const FEW = 8;

for (const list of document.querySelectorAll("[data-reasons]")) {
  if (list.querySelectorAll("input").length > FEW) {
    for (const group of list.querySelectorAll("details")) group.open = group.querySelector(":checked") !== null;
  }
  list.addEventListener("change", (event) => {
    if ("asks" in event.target.dataset || "asked" in list.dataset) {
      list.closest("form").requestSubmit(list.querySelector("[data-reasons-chosen]"));
    }
  });
}
