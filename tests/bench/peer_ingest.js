/* peer_ingest - an HTTP server that keeps what it is sent: a line in a file, on the disk before it says 200.
 *
 * peer_ingest.js FILE each|together: a flush for each request, or one for all that came while the last one went on. */
"use strict";
const fs = require("fs");
const http = require("http");
const file = fs.openSync(process.argv[2], "a");
let waiting = [], busy = false;

function flush() {
  if (busy || waiting.length === 0) return;
  const now = waiting;
  waiting = [];
  busy = true;
  fs.writev(file, now.map((one) => one.body), (failed) => {
    if (failed) throw failed;
    fs.fdatasync(file, (also) => {
      if (also) throw also;
      busy = false;
      for (const one of now) answer(one.reply);
      flush();
    });
  });
}

function answer(reply) {
  reply.writeHead(200, { "Content-Type": "application/json" });
  reply.end('{"status":"accepted"}\n');
}

function keep(body, reply) {
  if (process.argv[3] === "together") {
    waiting.push({ body, reply });
    setImmediate(flush);
    return;
  }
  fs.writeSync(file, body);
  fs.fdatasyncSync(file);
  answer(reply);
}

const server = http.createServer((request, reply) => {
  const parts = [];
  request.on("data", (part) => parts.push(part));
  request.on("end", () => keep(Buffer.concat([...parts, Buffer.from("\n")]), reply));
});
server.keepAliveTimeout = 60000;
server.listen(0, "127.0.0.1", () => console.log(server.address().port));
