// peer - SheetJS reads a workbook, dense, and counts. NODE_PATH says where its package xlsx is.
//
//     node peer_sheetjs_read.js WORKBOOK
const XLSX = require('xlsx');

const book = XLSX.readFile(process.argv[2], { dense: true, cellFormula: false, cellHTML: false, cellText: false });
const sheet = book.Sheets.Employees;
let rows = 0;
let cells = 0;
for (const row of sheet['!data'] || sheet) {
  rows += 1;
  if (row) for (const cell of row) if (cell) cells += 1;
}
console.log(`${rows} rows, ${cells} cells`);
