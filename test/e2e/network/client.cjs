'use strict';
// A process that runs clients, one job after another; the preload is there before it.
const Module = require('node:module');
const path = require('node:path');
const vm = require('node:vm');
const { goOn, runJob } = require('./preload.cjs');

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

/** A client, made once, as what it does at each call. */
const CLIENTS = {
  '@aws-sdk/client-s3': ({ bucket }) => {
    const { S3Client, ListBucketsCommand, ListObjectsV2Command } = require('@aws-sdk/client-s3');
    const client = new S3Client({});
    return async () => {
      if (bucket === undefined) {
        const { Buckets } = await client.send(new ListBucketsCommand({}));
        return (Buckets ?? []).map(each => each.Name);
      }
      const { Contents } = await client.send(new ListObjectsV2Command({ Bucket: bucket }));
      return (Contents ?? []).map(each => each.Key);
    };
  },
  '@google-cloud/storage': ({ bucket }) => {
    const { Storage } = require('@google-cloud/storage');
    const storage = new Storage();
    return async () => {
      const [found] = bucket === undefined ? await storage.getBuckets() : await storage.bucket(bucket).getFiles();
      return found.map(each => each.name);
    };
  },
  '@azure/storage-blob': ({ bucket, account = 'acmedata', blobs = 'blob.core.windows.net' }) => {
    const { DefaultAzureCredential } = require('@azure/identity');
    const { BlobServiceClient } = require('@azure/storage-blob');
    const service = new BlobServiceClient(`https://${account}.${blobs}`, new DefaultAzureCredential());
    return async () => {
      const names = [];
      for await (const each of bucket === undefined ? service.listContainers() : service.getContainerClient(bucket).listBlobsFlat()) {
        names.push(each.name);
      }
      return names;
    };
  },
  'script': (_action, script) => async () => {
    const value = await new (Object.getPrototypeOf(async () => {}).constructor)('require', script)(require);
    return Array.isArray(value) ? value.map(String) : [String(value)];
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

let as = '';
const hear = job => headers => {
  as = headers[job.callerHeader] ?? as;
};

async function outcomeOf(job, call) {
  as = '';
  try {
    const names = await call();
    return { ok: true, as, names };
  } catch (error) {
    return { ok: false, code: codeOf(job.client, error), message: messageOf(error) };
  }
}

const clientOf = job => CLIENTS[job.client](job.action, job.script);
const tell = (job, outcome) => process.send({ type: 'outcome', job: job.id, outcome });

async function perform(job) {
  try {
    return await outcomeOf(job, () => runJob(job, () => clientOf(job)(), hear(job)));
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

let nextCall;
/** One client that goes on until this process ends, and all that it keeps with it: each call says the time and the files of then. */
const live = job => runJob(job, async () => {
  const call = clientOf(job);
  tell(job, { ok: true, as: '', names: [] });
  for (;;) {
    goOn(await new Promise(resolve => {
      nextCall = resolve;
    }));
    tell(job, await outcomeOf(job, call));
  }
}, hear(job));

let busy = false;
process.on('message', async message => {
  if (message.type === 'call') {
    nextCall(message);
  } else if (message.type === 'job') {
    busy = true;
    const outcome = await (message.job.live ? live : perform)(message.job);
    busy = false;
    tell(message.job, outcome);
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
