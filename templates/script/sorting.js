// Heads that sort. `sorted(head, direction)` puts the rows in order: "ascending", "descending", or "" for
// the order of the model.
var collator = typeof Intl === "object" ? new Intl.Collator("en", { numeric: true }) : null;

function compare(one, other) {
  if (typeof one === "number" && typeof other === "number") {
    // What has no number comes last in either direction.
    if (isNaN(one) || isNaN(other)) { return isNaN(one) ? (isNaN(other) ? 0 : 2) : -2; }
    return one < other ? -1 : one > other ? 1 : 0;
  }
  if (one === other) { return 0; }
  return collator ? collator.compare(one, other) : one < other ? -1 : 1;
}
// `entries` ({key, position}) by their keys, equal ones in the order of the model.
function ordered(entries, direction) {
  var sign = direction === "ascending" ? 1 : -1;
  return entries.slice().sort(function (one, other) {
    var by = compare(one.key, other.key);
    return (by === 2 || by === -2 ? by : sign * by) || one.position - other.position;
  });
}
function sortable(table, sorted) {
  var heads = table.tHead.rows[0].cells;
  each(heads, function (head, column) {
    if (head.tagName !== "TH") { return; }
    // No <button>: Chromium leaves it out where it repeats a table's head in print.
    var button = document.createElement("span");
    button.setAttribute("role", "button");
    button.tabIndex = 0;
    while (head.firstChild) { button.appendChild(head.firstChild); }
    head.appendChild(button);
    function turn() {
      var numeric = head.classList.contains("n") || head.classList.contains("last");
      var now = head.getAttribute("aria-sort");
      // First the direction that is asked for most, then the other, then the order of the model.
      var first = numeric ? "descending" : "ascending", second = numeric ? "ascending" : "descending";
      var next = now === first ? second : now === second ? "" : first;
      each(heads, function (other) { other.removeAttribute("aria-sort"); });
      if (next) { head.setAttribute("aria-sort", next); }
      sorted(head, column, next);
    }
    button.addEventListener("click", turn);
    button.addEventListener("keydown", function (event) {
      if (event.key === "Enter" || event.key === " ") { event.preventDefault(); turn(); }
    });
  });
}

// Tables that stand on the page as a whole: sorted by what their cells say.
function cellKey(cell) {
  var exact = cell.getAttribute("title");
  if (!cell.classList.contains("n")) { return cell.textContent; }
  if (exact !== null) {
    return exact === "nan" ? NaN : exact === "inf" ? Infinity : exact === "-inf" ? -Infinity : Number(exact);
  }
  // Without an exact form beside it the text is one, or a dash.
  return parseFloat(cell.textContent.replace("\u2212", "-").replace(/,/g, ""));
}
each(document.querySelectorAll("table.sorts"), function (table) {
  var body = table.tBodies[0];
  var entries = Array.prototype.map.call(body.rows, function (row, position) {
    return { row: row, position: position, key: null };
  });
  sortable(table, function (head, column, direction) {
    if (direction) { each(entries, function (entry) { entry.key = cellKey(entry.row.cells[column]); }); }
    var moved = document.createDocumentFragment();
    each(direction ? ordered(entries, direction) : entries, function (entry) { moved.appendChild(entry.row); });
    body.appendChild(moved);
  });
});
