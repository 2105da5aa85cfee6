-- A plain transfer, one function, called as one statement in a transaction of its own: the money moves, and a row with a
-- number that the client chose says so, by which a repeated request is told from a new one. Nothing else is kept: no
-- quota, no spent ids that expire, no receipt. The two balances are locked in one order, so transfers never wait for
-- each other in a circle.

CREATE TABLE transfer (
    id     bytea       PRIMARY KEY,
    payer  bigint      NOT NULL,
    payee  bigint      NOT NULL,
    amount bigint      NOT NULL CHECK (amount > 0),
    at     timestamptz NOT NULL
);

CREATE FUNCTION transfer(tx bytea, the_payer bigint, the_payee bigint, units bigint) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    PERFORM FROM balance WHERE account IN (the_payer, the_payee) AND currency = 'USD' ORDER BY account FOR UPDATE;
    UPDATE balance SET available = available - units
        WHERE account = the_payer AND currency = 'USD' AND available >= units AND NOT frozen;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'FUNDS_INSUFFICIENT_OR_FROZEN: party %', the_payer;
    END IF;
    UPDATE balance SET available = available + units WHERE account = the_payee AND currency = 'USD';
    IF NOT FOUND THEN
        RAISE EXCEPTION 'PAYEE_UNKNOWN: party %', the_payee;
    END IF;
    INSERT INTO transfer VALUES (tx, the_payer, the_payee, units, now());
END $$;
