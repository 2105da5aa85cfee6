/** Vouchers: read from their text, and looked at as a payee can without a connection. */

import { decode, encode, join, same, utf8 } from "./codec.js";
import { ALPHABET, SEPARATORS, regroup } from "./codes.js";
import { Faulty, formed, needing } from "./faults.js";
import { verify } from "./keys.js";
import { sha256 } from "./sha256.js";
import { TIME, bytes, list, maybe, number, parts, withBytes } from "./shapes.js";

/**
 * @typedef {"length" | "beginning" | "character" | "check" | "form" | "spelling" | "network" | "purse" | "share"
 *   | "signature" | "payee" | "ended" | "expired" | "twice" | "taken" | "paid" | "left"} VoucherFault
 */

/** @typedef {ReturnType<typeof SIGNED_VOUCHER>} SignedVoucher */
/** @typedef {ReturnType<typeof PURSE>} Purse */

/**
 * A purse as a checked proof says it: its network, its name, the record.
 * @typedef {{ network: Uint8Array, name: Uint8Array, purse: Purse }} KnownPurse
 */

const VOUCHER_BEGINNING = "VCHR";
const VOUCHER_CHARACTERS_MAX = 259;
const VOUCHER_CODES = ALPHABET.toUpperCase();
const VOUCHER_TEXT_MAX = 2000;
const VOUCHER_CHECK_BYTES = 4;
const UNITS_MAX = 2n ** 62n - 1n;
/** The number of the table of purses, under which a proof of one is. */
export const PURSES = 91n;

const UNITS = number(0n, UNITS_MAX);
const PURSE_NAME = bytes(21, 36);
const VOUCHER_ACCOUNT = bytes(20);
const VOUCHER = withBytes(
  parts({
    network: bytes(8),
    purse: PURSE_NAME,
    share: number(0n, 15n),
    sequence: number(0n, 255n),
    payee: VOUCHER_ACCOUNT,
    units: number(1n, UNITS_MAX),
    expiry: TIME,
  }),
);
const SIGNED_VOUCHER = parts({ voucher: VOUCHER, signature: bytes(64) });
/** @type {import("./codec.js").Shape<string>} */
const CURRENCY = (value) => String(value);
const TERMS = withBytes(
  parts({
    asset: parts({ currency: CURRENCY, issuer: VOUCHER_ACCOUNT }),
    scheme: number(1n, 2n),
    publicKey: bytes(32, 33),
    shares: list(parts({ payee: maybe(VOUCHER_ACCOUNT), units: UNITS }), 1, 16),
    endsAt: TIME,
    deadline: TIME,
  }),
);
const DRAWN = parts({
  redeemed: UNITS,
  returned: UNITS,
  left: UNITS,
  vouchers: number(0n, 256n),
  used: bytes(0, 32),
});
const PURSE = parts({
  schema: number(1n, 1n),
  promised: TERMS,
  drawn: list(DRAWN, 1, 16),
  fraudAt: maybe(TIME),
  sponsor: VOUCHER_ACCOUNT,
});

/**
 * A text that is no voucher, or a voucher that is not to be taken: which rule it breaks, and what to do.
 * @extends {Faulty<VoucherFault>}
 */
export class VoucherWrong extends Faulty {
  name = "VoucherWrong";
}

const ought = needing(VoucherWrong);

// -------------------------------------------------------------------------------------------------------------- text

/** Write a voucher as text. @param {SignedVoucher} signed */
export function voucherText({ voucher, signature }) {
  const raw = join(Uint8Array.of(0x92), voucher.raw, encode(signature));
  const whole = join(raw, sha256(raw).subarray(0, VOUCHER_CHECK_BYTES));
  const symbols = regroup(whole, 8, 5, true);
  return VOUCHER_BEGINNING + symbols.map((symbol) => VOUCHER_CODES[symbol]).join("");
}

/**
 * Read a voucher from text, however it is spaced; whether its signature is right is another matter.
 * @param {string} text
 * @returns {SignedVoucher}
 */
export function readVoucher(text) {
  const all = [...text];
  ought(all.length <= VOUCHER_TEXT_MAX, "length", `It has ${all.length} characters. Give one voucher at a time.`);
  const kept = all.filter((each) => !SEPARATORS.includes(each) && each !== "\ufeff");
  const letters = kept.map((each) => (/[a-z]/.test(each) ? each.toUpperCase() : each));
  ought(letters.length > 0, "beginning", "There is no text. Give the voucher as it was scanned or sent.");
  const begins = letters.slice(0, 4).join("") === VOUCHER_BEGINNING;
  ought(begins, "beginning", `A voucher begins with ${VOUCHER_BEGINNING}. Scan it again.`);
  const body = letters.slice(4).map((each) => ({ O: "0", I: "1", L: "1" })[each] ?? each);
  const strange = body.find((each) => !VOUCHER_CODES.includes(each));
  ought(
    strange === undefined,
    "character",
    `No voucher holds the character '${strange}'. Compare it where that stands.`,
  );
  const fits = ![1, 3, 6].includes(body.length % 8) && letters.length <= VOUCHER_CHARACTERS_MAX;
  ought(fits, "length", `No voucher has ${letters.length} characters: a part is missing or too much. Copy it whole.`);
  const symbols = body.map((each) => VOUCHER_CODES.indexOf(each));
  const raw = Uint8Array.from(regroup(symbols, 5, 8, false));
  const end = Math.max(raw.length - VOUCHER_CHECK_BYTES, 0);
  const content = raw.slice(0, end);
  const whole = same(sha256(content).subarray(0, VOUCHER_CHECK_BYTES), raw.slice(end));
  ought(whole, "check", "The check does not fit: a character is wrong, or a part is missing. Copy it again.");
  const found = formed(VoucherWrong, "form", () => decode(content, SIGNED_VOUCHER));
  const again = voucherText(found) === VOUCHER_BEGINNING + body.join("");
  ought(again, "spelling", "The text is a second spelling of a voucher. Copy it again.");
  return found;
}

// ------------------------------------------------------------------------------------------------------------ looking

/** Read the record of a purse. @param {Uint8Array} raw @returns {Purse} */
export const readPurse = (raw) => formed(VoucherWrong, "purse", () => decode(raw, PURSE));

/**
 * Whether a voucher bears the signature of the key that its purse's terms name.
 * @param {KnownPurse} known
 * @param {SignedVoucher} signed
 */
export function isVoucherSigned({ network, purse: { promised } }, { voucher, signature }) {
  const bound = sha256(utf8("sogdia/purse"), Uint8Array.of(0x92), encode(voucher.purse), promised.raw);
  const message = sha256(utf8("sogdia/voucher"), network, bound, voucher.raw);
  return verify(promised.scheme, promised.publicKey, message, signature);
}

/**
 * Find the voucher of a book that bears the same number out of the same share of the same purse.
 * @param {SignedVoucher} signed
 * @param {SignedVoucher[]} book
 */
export function sameNumberIn({ voucher }, book) {
  return book.find((each) => isOfShare(each, voucher) && each.voucher.sequence === voucher.sequence);
}

/**
 * Say what a voucher is worth to its payee at a moment, or throw `VoucherWrong`. `book` holds every voucher that the payee
 * took before; `payee` is who looks, or null. It is certain that it is paid by `redeemBy`, or a risk.
 * @param {SignedVoucher} signed
 * @param {KnownPurse} known
 * @param {bigint} now
 * @param {SignedVoucher[]} book
 * @param {Uint8Array | null} payee
 */
export async function lookAt(signed, known, now, book, payee = null) {
  const { voucher } = signed;
  const { promised, drawn } = known.purse;
  const ours = same(voucher.network, known.network.subarray(0, 8));
  ought(ours, "network", "It is for another network. Take none of that network.");
  ought(same(voucher.purse, known.name), "purse", "It is of another purse. Ask the payer for the proof of that purse.");
  const at = Number(voucher.share);
  ought(at < promised.shares.length, "share", "Its purse has no such share. Ask for one of a share that is there.");
  const right = await isVoucherSigned(known, signed);
  ought(right, "signature", "It is not signed by its purse's key as it reads. Read it in again; it may be altered.");
  const [share, { left, used }] = [promised.shares[at], drawn[at]];
  const mine = payee === null || same(payee, voucher.payee);
  ought(mine, "payee", "It is for another payee. Ask for one that names you.");
  const its = share.payee === null || same(share.payee, voucher.payee);
  ought(its, "payee", "Its share is for another payee. Ask for one of the right share.");
  ought(now <= promised.endsAt, "ended", "Its purse has ended. Ask for one of another purse.");
  ought(now <= voucher.expiry, "expired", "It has expired. Ask for another one.");
  const before = sameNumberIn(signed, book);
  const twice = before !== undefined && !same(before.voucher.raw, voucher.raw);
  ought(!twice, "twice", "Its number stands on another voucher that you took. Report both: that is proof of fraud.");
  ought(before === undefined, "taken", "You took it already. Ask for another one.");
  const paid = isPaid(used, voucher.sequence);
  ought(!paid, "paid", "A voucher with its number has been paid. If it read differently, report both as fraud.");
  const waiting = book
    .filter((each) => isOfShare(each, voucher) && !isPaid(used, each.voucher.sequence))
    .reduce((sum, each) => sum + each.voucher.units, 0n);
  const rest = left - waiting - voucher.units;
  ought(rest >= 0n, "left", `Its share has ${left - waiting} units left, and it says ${voucher.units}. Ask for less.`);
  const redeemBy = voucher.expiry < promised.deadline ? voucher.expiry : promised.deadline;
  return { certain: share.payee !== null, redeemBy, left: rest };
}

/**
 * Whether two vouchers are proof that a purse's key signed one number twice.
 * @param {KnownPurse} known
 * @param {SignedVoucher} one
 * @param {SignedVoucher} other
 */
export async function provesFraud(known, one, other) {
  const twice = sameNumberIn(one, [other]) !== undefined && !same(one.voucher.raw, other.voucher.raw);
  const signed = await Promise.all([one, other].map((each) => isVoucherSigned(known, each)));
  return twice && same(one.voucher.purse, known.name) && signed.every(Boolean);
}

/**
 * @param {SignedVoucher} signed
 * @param {SignedVoucher["voucher"]} voucher
 */
const isOfShare = ({ voucher: { purse, share } }, voucher) => same(purse, voucher.purse) && share === voucher.share;

/**
 * @param {Uint8Array} used
 * @param {bigint} sequence
 */
const isPaid = (used, sequence) => Boolean((used[Number(sequence) >> 3] >> Number(sequence & 7n)) & 1);

/** Currencies whose minor unit is not a hundredth (ISO 4217), by its digits. */
const MINOR = {
  0: "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF",
  3: "BHD IQD JOD KWD LYD OMR TND",
  4: "CLF UYW",
};

/**
 * Write minor units with all the digits that the currency has by ISO 4217, as people of a language write numbers (CLDR).
 * @param {bigint} units
 * @param {string} currency
 * @param {string} [language] such as ru-KZ; without it, that of the browser
 */
export function amountForPeople(units, currency, language) {
  const digits = Number(Object.entries(MINOR).find(([, codes]) => codes.split(" ").includes(currency))?.[0] ?? 2);
  const whole = new Intl.NumberFormat(language, { minimumFractionDigits: digits, maximumFractionDigits: digits });
  const rest = new Intl.NumberFormat(language, { minimumIntegerDigits: Math.max(digits, 1), useGrouping: false });
  const scale = 10n ** BigInt(digits);
  // As one number it would be rounded where it is large: so what is before and behind the mark is written apart.
  const parts = whole.formatToParts(units / scale);
  const written = parts.map(({ type, value }) => (type === "fraction" ? rest.format(units % scale) : value));
  return `${written.join("")} ${currency}`;
}
