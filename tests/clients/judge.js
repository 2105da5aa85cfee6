/**
 * Answers the tests' questions, one line of JSON each, with the JavaScript module given as the first argument. Bytes are
 * hexadecimal text and integers are decimal text, so that nothing is lost on the way.
 */

import { createInterface } from "node:readline";

const module = await import(process.argv[2]);
const { fromHex, hex } = module;

const trustOf = ({ network, validators, since }) => ({
  network: fromHex(network),
  validators: validators.map(([key, weight]) => ({ publicKey: fromHex(key), weight: BigInt(weight) })),
  since: BigInt(since),
});

/** Write anything as JSON: bytes as {"bytes"}, integers as {"number"}, maps as {"map"}. */
function shown(value) {
  if (typeof value === "bigint") return { number: String(value) };
  if (value instanceof Uint8Array) return { bytes: hex(value) };
  if (value instanceof Map) return { map: [...value].map(([name, member]) => [name, shown(member)]) };
  if (Array.isArray(value)) return value.map(shown);
  if (value === null || typeof value !== "object") return value;
  return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, shown(member)]));
}

/** Read what `shown` writes. */
function given(value) {
  if (Array.isArray(value)) return value.map(given);
  if (value === null || typeof value !== "object") return value;
  if ("number" in value) return BigInt(value.number);
  if ("bytes" in value) return fromHex(value.bytes);
  return new Map(value.map.map(([name, member]) => [name, given(member)]));
}

const keyOf = async (secret) => ({
  account: fromHex(secret.account),
  keyNumber: BigInt(secret.key_number),
  key: secret.seed ? await module.ed25519Key(fromHex(secret.seed)) : await module.p256Key(),
});

const QUESTIONS = {
  proof: async ({ raw, trusted }) => shown(await module.checkProof(fromHex(raw), trustOf(trusted))),
  envelope: async ({ raw, network, keys }) =>
    shown({ id: (await module.checkEnvelope(fromHex(raw), fromHex(network), keys.map(fromHex))).id }),
  make: async ({ network, senders, operations, expiry, not_before, after, salt }) => {
    const wish = {
      senders: await Promise.all(senders.map(keyOf)),
      operations: operations.map(given).map(([tag, signer, mandate, ...fields]) => ({ tag, signer, mandate, fields })),
      expiry: BigInt(expiry),
      notBefore: not_before === null ? null : BigInt(not_before),
      after: after.map(([id, until]) => ({ id: fromHex(id), expiry: BigInt(until) })),
      salt: salt === null ? undefined : fromHex(salt),
    };
    const made = await module.makeEnvelope(fromHex(network), wish);
    return shown({ ...made, keys: wish.senders.map(({ key }) => key.publicKey) });
  },
  decode: async ({ raw }) => {
    const value = module.decode(fromHex(raw));
    return { value: shown(value), again: hex(module.encode(value)) };
  },
  encode: async ({ value }) => hex(module.encode(given(value))),
  code: async ({ kind, bytes }) => module[`${kind}Code`](fromHex(bytes)),
  read_code: async ({ kind, code }) => hex(module[{ account: "readAccount", name: "readName" }[kind]](code)),
  verify: async ({ scheme, key, message, signature }) =>
    module.verify(BigInt(scheme), fromHex(key), fromHex(message), fromHex(signature)),
  passkey: async ({ authenticator_data, client_data, signature }) =>
    shown(
      module.passkeySignature({
        authenticatorData: fromHex(authenticator_data),
        clientDataJSON: fromHex(client_data),
        signature: fromHex(signature),
      }),
    ),
  key_proof: async ({ network, account, key_number, scheme, key }) =>
    hex(
      module.keyProofMessage(fromHex(network), fromHex(account), BigInt(key_number), {
        scheme: BigInt(scheme),
        publicKey: fromHex(key),
      }),
    ),
  genesis: async ({ text }) => shown(module.trustGenesis(text)),
  trust_file: async ({ text }) => shown(module.trustFile(text)),
  account: async ({ network, registrar, reference }) =>
    hex(module.accountOf(fromHex(network), reference, fromHex(registrar))),
  receipt: async ({ raw }) => shown(module.readReceipt(fromHex(raw))),
  sha256: async ({ rows }) => hex(module.sha256(...rows.map(fromHex))),
};

for await (const line of createInterface({ input: process.stdin })) {
  const { question, ...parts } = JSON.parse(line);
  let answer;
  try {
    answer = { answer: await QUESTIONS[question](parts) };
  } catch (error) {
    answer = { error: error.name, fault: error.fault ?? null, where: error.where ?? null, message: error.message };
  }
  process.stdout.write(`${JSON.stringify(answer)}\n`);
}
