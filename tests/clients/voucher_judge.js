/**
 * Answers the tests' questions about vouchers, one line of JSON each. With a second argument signatures of Ed25519 are
 * checked by the module's own arithmetic, as the page does, and not by WebCrypto.
 */

import { createInterface } from "node:readline";

const module = await import(process.argv[2]);
const { hex } = module;
if (process.argv[3] === "own") module.instead.verify = module.verifyEd25519;

const fromHex = (text) => new Uint8Array(Buffer.from(text, "hex"));
const knownOf = ({ network, name, record }) => ({
  network: fromHex(network),
  name: fromHex(name),
  purse: module.readPurse(fromHex(record)),
});

const QUESTIONS = {
  read: ({ text }) => {
    const { voucher, signature } = module.readVoucher(text);
    const { network, purse, share, sequence, payee, units, expiry } = voucher;
    return {
      again: module.voucherText({ voucher, signature }),
      said: {
        network: hex(network),
        purse: hex(purse),
        share: Number(share),
        sequence: Number(sequence),
        payee: hex(payee),
        units: String(units),
        expiry: Number(expiry),
        signature: hex(signature),
      },
    };
  },
  look: async ({ text, purse, now, book, payee }) => {
    const taken = book.map(module.readVoucher);
    const by = payee && fromHex(payee);
    const found = await module.lookAt(module.readVoucher(text), knownOf(purse), BigInt(now), taken, by);
    return { certain: found.certain, redeem_by: Number(found.redeemBy), left: Number(found.left) };
  },
  fraud: ({ texts, purse }) => module.provesFraud(knownOf(purse), ...texts.map(module.readVoucher)),
  prove: async ({ proof, trusted }) => {
    const validators = trusted.validators.map(([key, weight]) => ({ publicKey: fromHex(key), weight: BigInt(weight) }));
    const by = { network: fromHex(trusted.network), validators, since: BigInt(trusted.since) };
    const { table, key, value } = await module.checkProof(fromHex(proof), by);
    return { table: Number(table), name: hex(key), record: hex(value) };
  },
  verify: ({ scheme, key, message, signature }) =>
    module.verify(BigInt(scheme), fromHex(key), fromHex(message), fromHex(signature)),
  sha512: ({ row }) => hex(module.sha512(fromHex(row))),
  amount: ({ units, currency, language }) => module.amountForPeople(BigInt(units), currency, language),
};

for await (const line of createInterface({ input: process.stdin })) {
  const { question, ...parts } = JSON.parse(line);
  let answer;
  try {
    answer = { answer: await QUESTIONS[question](parts) };
  } catch (error) {
    answer = { error: error.name, fault: error.fault ?? null, where: null, message: error.message };
  }
  process.stdout.write(`${JSON.stringify(answer)}\n`);
}
