// An update server as the tutorial has it: compares a header with a constant, answers 304 or a file.
const fs = require('fs');
const https = require('https');
const express = require('express');

const { PORT, CERTIFICATE, KEY, FIRMWARE } = process.env;
const LAST_VERSION = 0.3;
let downloads = 0;

const app = express();

app.get('/update', (request, response) => {
  const version = parseFloat(request.header('x-esp32-version') ?? 'Infinity');
  if (version < LAST_VERSION) {
    response.status(200).download(FIRMWARE, 'firmware.bin', (error) => {
      if (!error) downloads++;
    });
    console.log(`The file has been downloaded ${downloads} times`);
  } else {
    response.status(304).send('No update needed!');
  }
});

const credentials = { key: fs.readFileSync(KEY), cert: fs.readFileSync(CERTIFICATE) };
const server = https.createServer(credentials, app);
// An idle connection is to be measured, not closed after Node's 5 seconds.
server.keepAliveTimeout = 120_000;
server.listen(Number(PORT), '127.0.0.1');
