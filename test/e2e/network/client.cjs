'use strict';
// A process that runs clients, one job after another; the preload is there before it.
const Module = require('node:module');
const path = require('node:path');
const vm = require('node:vm');
const { runJob } = require('./preload.cjs');

// Every job loads its library anew, so that no cache of one job (credentials, tokens, files, what the metadata server said) is there
// for the next. The code is compiled once: what is kept is code, never state.
const compiled = new Map();
const resolved = new Map();
const resolveFilename = Module._resolveFilename;
Module._resolveFilename = function (request, parent, ...rest) {
  const key = JSON.stringify([request, parent?.filename && path.dirname(parent.filename)]);
  if (!resolved.has(key)) {
    resolved.set(key, resolveFilename.call(this, request, parent, ...rest));
  }
  return resolved.get(key);
};
function evaluate(module, filename, code) {
  const require = request => module.require(request);
  require.resolve = request => Module._resolveFilename(request, module);
  require.cache = Module._cache;
  Reflect.apply(code, module.exports, [module.exports, require, module, filename, path.dirname(filename)]);
}
const load = Module._extensions['.js'];
Module._extensions['.js'] = Module._extensions['.cjs'] = (module, filename) => {
  const code = compiled.get(filename);
  if (code === undefined) {
    load(module, filename);
  } else {
    evaluate(module, filename, code);
  }
};
Module.prototype._compile = function (content, filename) {
  const code = vm.compileFunction(content.replace(/^#!.*/, ''), ['exports', 'require', 'module', '__filename', '__dirname'], { filename });
  compiled.set(filename, code);
  evaluate(this, filename, code);
};
const own = new Set(Object.keys(Module._cache));
const ownGlobals = new Set(Reflect.ownKeys(globalThis));

const ACTIONS = {
  '@aws-sdk/client-s3': async ({ bucket }) => {
    const { S3Client, ListBucketsCommand, ListObjectsV2Command } = require('@aws-sdk/client-s3');
    const client = new S3Client({});
    if (bucket === undefined) {
      const { Buckets } = await client.send(new ListBucketsCommand({}));
      return (Buckets ?? []).map(each => each.Name);
    }
    const { Contents } = await client.send(new ListObjectsV2Command({ Bucket: bucket }));
    return (Contents ?? []).map(each => each.Key);
  },
  '@google-cloud/storage': async ({ bucket }) => {
    const { Storage } = require('@google-cloud/storage');
    const storage = new Storage();
    const [found] = bucket === undefined ? await storage.getBuckets() : await storage.bucket(bucket).getFiles();
    return found.map(each => each.name);
  },
  '@azure/storage-blob': async ({ bucket, account = 'acmedata' }) => {
    const { DefaultAzureCredential } = require('@azure/identity');
    const { BlobServiceClient } = require('@azure/storage-blob');
    const service = new BlobServiceClient(`https://${account}.blob.core.windows.net`, new DefaultAzureCredential());
    const names = [];
    for await (const each of bucket === undefined ? service.listContainers() : service.getContainerClient(bucket).listBlobsFlat()) {
      names.push(each.name);
    }
    return names;
  },
};

/** The most telling code of a failure: the service's own, before the library's. */
function codeOf(client, error) {
  const answer = error.response?.data;
  const codes = {
    '@aws-sdk/client-s3': [error.name],
    '@google-cloud/storage': [typeof answer?.error === 'string' ? answer.error : answer?.error?.status, error.errors?.[0]?.reason, error.code],
    // Microsoft's number (AADSTS…) is in the text only, and that within the failures of the chain.
    '@azure/storage-blob': [...(error.errors ?? []), error].map(each => /AADSTS\d+/.exec(each.message)?.[0]).concat(error.code, error.name),
  };
  return String(codes[client]?.find(each => each !== undefined && each !== null && each !== '') ?? error.code ?? error.name);
}

function messageOf(error) {
  const more = [...(error.errors ?? []), error.cause].filter(each => each instanceof Error && !error.message.includes(each.message));
  return [error.message, ...more.map(each => each.message)].filter(each => each !== '').join('\n');
}

async function perform(job) {
  let as = '';
  const hear = headers => {
    as = headers[job.callerHeader] ?? as;
  };
  try {
    const names = await runJob(job, async () => {
      if (job.script !== undefined) {
        const value = await new (Object.getPrototypeOf(async () => {}).constructor)('require', job.script)(require);
        return Array.isArray(value) ? value.map(String) : [String(value)];
      }
      return ACTIONS[job.client](job.action);
    }, hear);
    return { ok: true, as, names };
  } catch (error) {
return { ok: false, code: codeOf(job.client, error), message: messageOf(error) };
  } finally {
    for (const filename of Object.keys(Module._cache)) {
      if (!own.has(filename)) {
        delete Module._cache[filename];
      }
    }
    for (const key of Reflect.ownKeys(globalThis)) {
      if (!ownGlobals.has(key)) {
        Reflect.deleteProperty(globalThis, key);
      }
    }
  }
}

let busy = false;
process.on('message', async message => {
  if (message.type === 'job') {
    busy = true;
    const outcome = await perform(message.job);
    busy = false;
    process.send({ type: 'outcome', job: message.job.id, outcome });
  }
});
// What a job leaves behind fails when its sockets end; within a job nobody may miss it.
for (const event of ['uncaughtException', 'unhandledRejection']) {
  process.on(event, error => {
    if (busy) {
      console.error(error);
      process.exit(70);
    }
  });
}
process.on('disconnect', () => process.exit(0));
process.send({ type: 'ready' });
