// SPDX-FileCopyrightText: The Fastbreak maintainers
// SPDX-License-Identifier: GPL-3.0-or-later

/* Makes the vectors in this folder: signatures by signers that share no code with the collection.
 *
 *   mkdir scratch && cd scratch && npm install @sigstore/sign @sigstore/mock @sigstore/protobuf-specs nock
 *   NODE_PATH=$PWD/node_modules node <this folder>/make.mjs <this folder>
 *
 * with openssl on PATH. Every key is made anew and forgotten: a new run gives new vectors.
 *
 *   openssl.json      `openssl dgst -sign` and `openssl pkeyutl -sign`, over simple signing documents and DSSE envelopes
 *   sigstore_js.json  bundles of @sigstore/sign: by a key, and keyless with the certificate authority and logs of
 *                     @sigstore/mock, whose roots make the trusted root beside them; `rekor2` are logged as Rekor 2
 *                     does, with a timestamp
 */
import { execFileSync } from 'node:child_process';
import crypto from 'node:crypto';
import fs from 'node:fs';
import { createRequire } from 'node:module';
import os from 'node:os';
import path from 'node:path';

const require = createRequire(path.join(process.env.NODE_PATH, 'x.js'));
const { DSSEBundleBuilder, FulcioSigner, MessageSignatureBundleBuilder, RekorWitness, TSAWitness } = require('@sigstore/sign');
const { fulcioHandler, initializeCA, initializeCTLog, initializeTLog, initializeTSA, tsaHandler } = require('@sigstore/mock');
const { bundleToJSON } = require('@sigstore/bundle');
const { HashAlgorithm, PublicKeyDetails, TrustedRoot } = require('@sigstore/protobuf-specs');
const nock = require('nock');

const OUT = process.argv[2];
const SCRATCH = fs.mkdtempSync(path.join(os.tmpdir(), 'vectors-'));
const at = (name) => path.join(SCRATCH, name);
const sha256 = (data) => crypto.createHash('sha256').update(data).digest('hex');
const base64 = (data) => Buffer.from(data).toString('base64');
const write = (name, value) => fs.writeFileSync(path.join(OUT, name), `${JSON.stringify(value, null, 1)}\n`);

const MANIFEST = Buffer.from('{"schemaVersion":2,"note":"stands for the manifest that the vectors sign"}');
const DIGEST = `sha256:${sha256(MANIFEST)}`;
const OTHER_DIGEST = `sha256:${sha256('another manifest')}`;
const COSIGN = 'https://sigstore.dev/cosign/sign/v1';
const SLSA = 'https://slsa.dev/provenance/v1';
const IN_TOTO = 'application/vnd.in-toto+json';

const simpleSigning = (digest) =>
  JSON.stringify({
    critical: {
      identity: { 'docker-reference': 'registry.example/inference' },
      image: { 'docker-manifest-digest': digest },
      type: 'cosign container image signature',
    },
    optional: null,
  });
const statement = (digest, predicateType) =>
  JSON.stringify({
    _type: 'https://in-toto.io/Statement/v1',
    subject: [{ name: 'registry.example/inference', digest: { sha256: digest.slice(7) } }],
    predicateType,
    predicate: {},
  });
const pae = (type, payload) => `DSSEv1 ${Buffer.byteLength(type)} ${type} ${Buffer.byteLength(payload)} ${payload}`;
const envelope = (payload, signature, type = IN_TOTO) =>
  JSON.stringify({ payloadType: type, payload: base64(payload), signatures: [{ keyid: '', sig: signature }] });

/* openssl */

function openssl(...words) {
  return execFileSync('openssl', words, { stdio: ['ignore', 'pipe', 'ignore'] });
}

const KINDS = {
  'P-256': [['-algorithm', 'EC', '-pkeyopt', 'ec_paramgen_curve:P-256'], ['dgst', '-sha256']],
  'P-384': [['-algorithm', 'EC', '-pkeyopt', 'ec_paramgen_curve:P-384'], ['dgst', '-sha384']],
  'P-384 with SHA-256': [['-algorithm', 'EC', '-pkeyopt', 'ec_paramgen_curve:P-384'], ['dgst', '-sha256']],
  'P-521': [['-algorithm', 'EC', '-pkeyopt', 'ec_paramgen_curve:P-521'], ['dgst', '-sha512']],
  'RSA 2048': [['-algorithm', 'RSA', '-pkeyopt', 'rsa_keygen_bits:2048'], ['dgst', '-sha256']],
  'RSA 4096 with SHA-512': [['-algorithm', 'RSA', '-pkeyopt', 'rsa_keygen_bits:4096'], ['dgst', '-sha512']],
  'RSA 2048 PSS': [
    ['-algorithm', 'RSA', '-pkeyopt', 'rsa_keygen_bits:2048'],
    ['dgst', '-sha256', '-sigopt', 'rsa_padding_mode:pss'],
  ],
  Ed25519: [['-algorithm', 'ED25519'], null],
};

function opensslSign(how, data) {
  fs.writeFileSync(at('data'), data);
  const words = how
    ? [...how, '-sign', at('key'), at('data')]
    : ['pkeyutl', '-sign', '-inkey', at('key'), '-rawin', '-in', at('data')];
  return base64(openssl(...words));
}

function makeOpenssl() {
  const keys = [];
  for (const [kind, [generation, how]] of Object.entries(KINDS)) {
    openssl('genpkey', ...generation, '-out', at('key'));
    const signed = (text) => opensslSign(how, text);
    const ours = statement(DIGEST, SLSA);
    keys.push({
      kind,
      public_key: openssl('pkey', '-in', at('key'), '-pubout').toString(),
      cosign: { payload: simpleSigning(DIGEST), signature: signed(simpleSigning(DIGEST)) },
      cosign_other_digest: { payload: simpleSigning(OTHER_DIGEST), signature: signed(simpleSigning(OTHER_DIGEST)) },
      dsse: { payload: envelope(ours, signed(pae(IN_TOTO, ours))) },
      dsse_without_pae: { payload: envelope(ours, signed(ours)) },
    });
  }
  openssl('genpkey', '-algorithm', 'RSA', '-pkeyopt', 'rsa_keygen_bits:1024', '-out', at('key'));
  const weak = openssl('pkey', '-in', at('key'), '-pubout').toString();
  openssl('genpkey', '-algorithm', 'EC', '-pkeyopt', 'ec_paramgen_curve:secp256k1', '-out', at('key'));
  const strange = openssl('pkey', '-in', at('key'), '-pubout').toString();
  const made_with = openssl('version').toString().trim();
  write('openssl.json', { made_with, digest: DIGEST, predicate_type: SLSA, keys, refused_keys: [weak, strange] });
}

/* @sigstore/sign */

const FULCIO = 'https://fulcio.example';
const REKOR = 'https://rekor.example';
const TSA = 'https://tsa.example';
const IDENTITY = 'https://github.com/acme/inference/.github/workflows/release.yml@refs/heads/main';
const ISSUER = 'https://token.actions.githubusercontent.com';

function keySigner(privateKey) {
  const publicKey = crypto.createPublicKey(privateKey).export({ format: 'pem', type: 'spki' });
  const key = { $case: 'publicKey', publicKey, hint: 'release' };
  return { sign: async (data) => ({ signature: crypto.sign('sha256', data, privateKey), key }) };
}

/* What Rekor makes of a proposed entry before it logs it; the mock logs what was proposed. */
function canonical(proposed) {
  if (proposed.kind !== 'dsse') return proposed;
  const { envelope: text, verifiers } = proposed.spec.proposedContent;
  const { payload, signatures } = JSON.parse(text);
  const hash = (data) => ({ algorithm: 'sha256', value: sha256(data) });
  return {
    apiVersion: '0.0.1',
    kind: 'dsse',
    spec: {
      envelopeHash: hash(text),
      payloadHash: hash(Buffer.from(payload, 'base64')),
      signatures: signatures.map(({ sig }) => ({ signature: sig, verifier: verifiers[0] })),
    },
  };
}

/* PEM in lines of 64, as Fulcio answers; the mock's is one line, and the log entry keeps the text. */
function wrapped(response) {
  const answer = JSON.parse(response);
  const chain = answer.signedCertificateEmbeddedSct.chain;
  chain.certificates = chain.certificates.map((pem) => new crypto.X509Certificate(pem).toString());
  return JSON.stringify(answer);
}

/* The mock's log has one entry, at index 0: numbers and lists that are 0 and empty are left out of a bundle's JSON, and
 * not every reader takes that. Here it is the second of two. */
function inclusion(body, logID, key) {
  const hash = (...parts) => crypto.createHash('sha256').update(Buffer.concat(parts.map((one) => Buffer.from(one)))).digest();
  const first = hash([0], 'the first entry');
  const root = hash([1], first, hash([0], body));
  const note = `rekor.example - 1\n2\n${base64(root)}\n`;
  const signature = base64(Buffer.concat([logID.subarray(0, 4), crypto.sign('sha256', Buffer.from(note), key)]));
  return { first, root, checkpoint: `${note}\n\u2014 rekor.example ${signature}\n` };
}

async function rekor({ tlog, logKey }, proposed) {
  const answer = await tlog.log(canonical(proposed));
  const [entry] = Object.values(answer);
  const { first, root, checkpoint } = inclusion(Buffer.from(entry.body, 'base64'), Buffer.from(entry.logID, 'hex'), logKey);
  const [rootHash, hashes] = [root.toString('hex'), [first.toString('hex')]];
  entry.verification.inclusionProof = { logIndex: 1, treeSize: 2, rootHash, hashes, checkpoint };
  return answer;
}

/* Rekor 2 keeps the digest of what was signed, and tells no time: a timestamp authority does. */
function rekor2({ tlog, logKey }, { dsseRequestV002: { envelope: signed, verifiers } }) {
  const digest = sha256(pae(signed.payloadType, Buffer.from(signed.payload, 'base64').toString()));
  const data = { algorithm: 'SHA2_256', digest: base64(Buffer.from(digest, 'hex')) };
  const signature = { content: signed.signatures[0].sig, verifier: verifiers[0] };
  const [kind, version] = ['hashedrekord', '0.0.2'];
  const body = Buffer.from(JSON.stringify({ apiVersion: version, kind, spec: { hashedRekordV002: { data, signature } } }));
  const logID = Buffer.from(sha256(tlog.publicKey), 'hex');
  const { first, root, checkpoint } = inclusion(body, logID, logKey);
  const where = { logIndex: '1', treeSize: '2', rootHash: base64(root), hashes: [base64(first)] };
  return {
    logIndex: '1',
    logId: { keyId: base64(logID) },
    kindVersion: { kind, version },
    inclusionProof: { ...where, checkpoint: { envelope: checkpoint } },
    canonicalizedBody: base64(body),
  };
}

const keyPair = () => crypto.generateKeyPairSync('ec', { namedCurve: 'P-256' });

async function log(clock) {
  const keys = keyPair();
  return { tlog: await initializeTLog(REKOR, keys, clock), logKey: keys.privateKey };
}

async function sigstore() {
  const ctlog = await initializeCTLog(keyPair());
  return { ctlog, ca: await initializeCA(keyPair(), ctlog), tsa: await initializeTSA(keyPair()), ...(await log()) };
}

async function sign(instance, { claims, builder, data, type, version = 1 }) {
  const handler = fulcioHandler(instance.ca);
  nock(FULCIO)
    .post(handler.path)
    .reply(async (_uri, body) => {
      const { statusCode, response } = await handler.fn(typeof body === 'string' ? body : JSON.stringify(body));
      return [statusCode, wrapped(response), { 'Content-Type': 'application/json' }];
    });
  const json = { 'Content-Type': 'application/json' };
  const log = version === 2 ? rekor2 : rekor;
  nock(REKOR)
    .post(`/api/v${version}/log/entries`)
    .reply(async (_uri, body) => [201, await log(instance, body), json]);
  const stamping = tsaHandler(instance.tsa);
  nock(TSA)
    .post(stamping.path)
    .reply(async (_uri, body) => [201, (await stamping.fn(JSON.stringify(body))).response]);
  const part = (value) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const token = [part({ alg: 'none' }), part({ sub: IDENTITY, iss: ISSUER, ...claims }), ''].join('.');
  const signer = new FulcioSigner({ fulcioBaseURL: FULCIO, identityProvider: { getToken: async () => token } });
  const witnesses = [new RekorWitness({ rekorBaseURL: REKOR, entryType: 'dsse', majorApiVersion: version })];
  if (version === 2) witnesses.push(new TSAWitness({ tsaBaseURL: TSA }));
  const bundle = await new builder({ signer, witnesses }).create({ data: Buffer.from(data), type });
  nock.cleanAll();
  return bundleToJSON(bundle);
}

function trustedRoot({ ctlog, ca, tlog, tsa }) {
  const start = new Date(0);
  const trusted = (instance, baseUrl) => ({
    baseUrl,
    hashAlgorithm: HashAlgorithm.SHA2_256,
    logId: { keyId: Buffer.from(sha256(instance.publicKey), 'hex') },
    publicKey: {
      rawBytes: instance.publicKey,
      keyDetails: PublicKeyDetails.PKIX_ECDSA_P256_SHA_256,
      validFor: { start },
    },
  });
  return TrustedRoot.toJSON({
    mediaType: 'application/vnd.dev.sigstore.trustedroot+json;version=0.1',
    tlogs: [trusted(tlog, REKOR)],
    ctlogs: [trusted(ctlog, 'https://ctfe.example')],
    certificateAuthorities: [
      {
        subject: { commonName: 'sigstore', organization: 'sigstore.mock' },
        uri: FULCIO,
        certChain: { certificates: [{ rawBytes: ca.rootCertificate }] },
        validFor: { start },
      },
    ],
    timestampAuthorities: [
      {
        subject: { commonName: 'tsa', organization: 'sigstore.mock' },
        uri: TSA,
        certChain: { certificates: [{ rawBytes: tsa.intCertificate }, { rawBytes: tsa.rootCertificate }] },
        validFor: { start },
      },
    ],
  });
}

async function makeSigstoreJs() {
  const dsse = (digest, predicate, claims) => ({
    claims,
    builder: DSSEBundleBuilder,
    data: statement(digest, predicate),
    type: IN_TOTO,
  });
  const { privateKey, publicKey } = keyPair();
  const byKey = async ({ builder, data, type }) =>
    bundleToJSON(await new builder({ signer: keySigner(privateKey), witnesses: [] }).create({ data: Buffer.from(data), type }));
  const message = { builder: MessageSignatureBundleBuilder, data: MANIFEST };
  const good = await sigstore();
  // Logged an hour after its certificate was issued, which was valid for ten minutes.
  const late = { ...good, ...(await log(new Date(Date.now() + 3600_000))) };
  const { version } = require('@sigstore/sign/package.json');
  write('sigstore_js.json', {
    made_with: `@sigstore/sign ${version}`,
    digest: DIGEST,
    identity: IDENTITY,
    issuer: ISSUER,
    predicate_type: SLSA,
    public_key: publicKey.export({ format: 'pem', type: 'spki' }),
    trusted_root: trustedRoot(good),
    late_trusted_root: trustedRoot(late),
    key: {
      signed: await byKey(dsse(DIGEST, COSIGN)),
      attested: await byKey(dsse(DIGEST, SLSA)),
      message: await byKey(message),
      other_digest: await byKey(dsse(OTHER_DIGEST, COSIGN)),
      message_other_digest: await byKey({ ...message, data: 'another manifest' }),
    },
    keyless: {
      signed: await sign(good, dsse(DIGEST, COSIGN)),
      attested: await sign(good, dsse(DIGEST, SLSA)),
      message: await sign(good, message),
      other_digest: await sign(good, dsse(OTHER_DIGEST, COSIGN)),
      message_other_digest: await sign(good, { ...message, data: 'another manifest' }),
      other_identity: await sign(good, dsse(DIGEST, COSIGN, { sub: IDENTITY.replace('acme', 'mallory') })),
      other_issuer: await sign(good, dsse(DIGEST, COSIGN, { iss: 'https://issuer.example' })),
      other_root: await sign(await sigstore(), dsse(DIGEST, COSIGN)),
      rekor2: await sign(good, { ...dsse(DIGEST, COSIGN), version: 2 }),
      rekor2_other_digest: await sign(good, { ...dsse(OTHER_DIGEST, COSIGN), version: 2 }),
      rekor2_other_time: await sign({ ...good, tsa: await initializeTSA(keyPair()) }, { ...dsse(DIGEST, COSIGN), version: 2 }),
      late: await sign(late, dsse(DIGEST, COSIGN)),
    },
  });
}

try {
  makeOpenssl();
  await makeSigstoreJs();
} finally {
  fs.rmSync(SCRATCH, { recursive: true });
}
