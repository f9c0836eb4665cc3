// The table as CSV and the numbers as JSON: downloads where the frame lets them, text to copy where not.
function framed() {
  try { return window.self !== window.top; } catch (refused) { return true; }
}
function download(content, type, name) {
  try {
    var link = document.createElement("a");
    link.href = URL.createObjectURL(new Blob([content], { type: type }));
    link.download = name;
    link.click();
    setTimeout(function () { URL.revokeObjectURL(link.href); }, 60000);
  } catch (refused) { /* the text below remains */ }
}
// RFC 4180; a cell that a spreadsheet would take for a formula gets a quote in front (as in csv.py).
function csvCell(item) {
  if (typeof item === "number") { return String(item); }
  var text = item === null || item === undefined ? "" : String(item);
  if (/^[=+\-@]/.test(text) && !/^-inf$/.test(text)) { text = "'" + text; }
  return /[",\r\n]/.test(text) ? '"' + text.replace(/"/g, '""') + '"' : text;
}
function csv(entries, table) {
  var heads = ["name", "model", "kind", "shape", "dtype", table.dataset.what, "bytes"];
  each(table.tHead.rows[0].querySelectorAll("th.n[data-by]:not([data-by='elements'])"), function (head) { heads.push(head.textContent.trim().toLowerCase()); });
  heads.push("findings", "not measured");
  var lines = entries.map(function (entry) {
    var figures = heads.slice(7, -2).map(function (_, index) { return entry.figures[index]; });
    return [entry.name, entry.model, entry.kind, entry.shape.replace(/\u00d7/g, "x"), entry.dtype, entry.elements, entry.bytes]
      .concat(figures, entry.found.map(function (finding) { return finding[2]; }).join("; "), entry.reason).map(csvCell).join(",");
  });
  return [heads.join(",")].concat(lines).join("\r\n") + "\r\n";
}
// No frame says that it refused a download, so in one the text is given as well, to be copied by hand.
function give(box, content) {
  var field = box.querySelector("textarea");
  box.hidden = false;
  field.value = content;
  field.focus();
  field.select();
}
function exports(tools, table, chosen) {
  var box = tools.parentElement.querySelector(".as-text");
  tools.querySelector(".csv").addEventListener("click", function () {
    var content = csv(chosen(), table);
    download(content, "text/csv;charset=utf-8", table.id.replace("-table", "") + ".csv");
    if (framed()) { give(box, content); }
  });
}
each(document.querySelectorAll("a.download"), function (link) {
  link.addEventListener("click", function (event) {
    // A data address of some megabytes is more than a browser follows; a blob's is short.
    var bytes = Uint8Array.from(atob(link.href.split(",")[1]), function (character) { return character.charCodeAt(0); });
    event.preventDefault();
    download(bytes, "application/gzip", link.download);
    if (framed() && typeof DecompressionStream === "function") {
      new Response(new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"))).text().then(function (content) {
        give(link.closest("section").querySelector(".as-text"), content);
      });
    }
  });
});
