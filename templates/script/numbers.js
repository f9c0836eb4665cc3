// Numbers as the page writes them (numbers.py): a test holds both against each other.
var UNITS = ["", "k", "M", "G", "T", "P", "E"];
function scaled(number) {
  var unit = 0;
  while (number >= 999.5 && unit < UNITS.length - 1) { number /= 1000; unit += 1; }
  return number.toFixed(number < 9.995 ? 2 : number < 99.95 ? 1 : 0) + " " + UNITS[unit];
}
function grouped(number) { return String(number).replace(/\B(?=(\d{3})+(?!\d))/g, ","); }
function count(number) { return number < 10000 ? grouped(number) : scaled(number); }
function size(number) { return number < 1000 ? number + " B" : scaled(number) + "B"; }
function value(number) {
  if (isNaN(number)) { return "NaN"; }
  var sign = number < 0 ? "\u2212" : "", magnitude = Math.abs(number);
  if (magnitude === Infinity) { return sign + "\u221e"; }
  if (magnitude === 0) { return "0"; }
  if (magnitude < 1e-3 || magnitude >= 1e6) { return sign + magnitude.toExponential(1).replace("+", ""); }
  if (magnitude === Math.floor(magnitude)) { return sign + grouped(magnitude); }
  var power = Number(magnitude.toExponential(2).split("e")[1]);
  var parts = magnitude.toFixed(Math.max(2 - power, 0)).split(".");
  return sign + grouped(parts[0]) + (parts.length > 1 ? "." + parts[1] : "");
}
function percent(share) {
  var hundredths = share * 100;
  if (hundredths === 0 || hundredths === 100) { return hundredths + " %"; }
  if (hundredths < 0.1) { return "<0.1 %"; }
  if (hundredths > 99.9) { return ">99.9 %"; }
  return hundredths.toFixed(1) + " %";
}
