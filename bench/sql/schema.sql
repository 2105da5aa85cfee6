-- The tables of the PostgreSQL peer: what the ledger keeps, as a competent user of PostgreSQL would lay it out.
--
-- Where there was a choice, PostgreSQL got the faster one: accounts and orders are known by 8-byte integers, there are
-- no foreign keys (the steps check what they would), and tables whose rows are updated in place leave room on each
-- page, so that an update need not touch an index.

CREATE TYPE order_state AS ENUM ('placed', 'accepted', 'shipped', 'delivered');

CREATE TABLE currency (
    code   text   PRIMARY KEY,
    supply bigint NOT NULL CHECK (supply >= 0)
);

CREATE TABLE party (
    id      bigint  PRIMARY KEY,
    active  boolean NOT NULL,
    sponsor bigint  NOT NULL
);

-- What a sponsor's parties may still do in the current period; every step updates one of these rows.
CREATE TABLE quota (
    sponsor          bigint PRIMARY KEY,
    period           date   NOT NULL,
    operations_used  bigint NOT NULL,
    operations_limit bigint NOT NULL,
    bytes_used       bigint NOT NULL,
    bytes_limit      bigint NOT NULL
) WITH (fillfactor = 10);

-- Ids of applied transactions until they expire. The expiry is part of what the id is a hash of, so the pair is as
-- unique as the id; led by the expiry, new rows go to the end of the index and expired ones are swept as a range.
CREATE TABLE spent_id (
    expires timestamptz NOT NULL,
    id      bytea       NOT NULL,
    PRIMARY KEY (expires, id)
);

CREATE TABLE balance (
    account   bigint  NOT NULL,
    currency  text    NOT NULL,
    available bigint  NOT NULL CHECK (available >= 0),
    held      bigint  NOT NULL CHECK (held >= 0),
    frozen    boolean NOT NULL,
    PRIMARY KEY (account, currency)
) WITH (fillfactor = 50);

CREATE TABLE hold (
    order_id bigint PRIMARY KEY,
    account  bigint NOT NULL,
    currency text   NOT NULL,
    amount   bigint NOT NULL
);

CREATE TABLE listing (
    id       bigint  PRIMARY KEY,
    merchant bigint  NOT NULL,
    currency text    NOT NULL,
    on_sale  boolean NOT NULL
);

CREATE TABLE variant (
    id      bigint PRIMARY KEY,
    listing bigint NOT NULL,
    price   bigint NOT NULL,
    stock   bigint NOT NULL CHECK (stock >= 0)
) WITH (fillfactor = 50);

CREATE TABLE orders (
    id       bigint      PRIMARY KEY,
    buyer    bigint      NOT NULL,
    merchant bigint      NOT NULL,
    carrier  bigint,
    platform bigint      NOT NULL,
    state    order_state NOT NULL,
    currency text        NOT NULL,
    paid     bigint      NOT NULL,
    refunded bigint      NOT NULL,
    deadline timestamptz NOT NULL,
    history  bytea       NOT NULL
) WITH (fillfactor = 50);

CREATE TABLE order_line (
    order_id bigint  NOT NULL,
    number   integer NOT NULL,
    variant  bigint  NOT NULL,
    quantity bigint  NOT NULL,
    paid     bigint  NOT NULL,
    refunded bigint  NOT NULL,
    PRIMARY KEY (order_id, number)
);

CREATE TABLE due (
    deadline timestamptz NOT NULL,
    order_id bigint      NOT NULL,
    PRIMARY KEY (deadline, order_id)
);

CREATE TABLE receipt (
    id       bytea  PRIMARY KEY,
    sequence bigint NOT NULL GENERATED ALWAYS AS IDENTITY,
    body     bytea  NOT NULL
);

-- What stays of a settled order: a row of fixed size, with one digest over its lines.
CREATE TABLE closed_order (
    id       bigint PRIMARY KEY,
    buyer    bigint NOT NULL,
    merchant bigint NOT NULL,
    currency text   NOT NULL,
    paid     bigint NOT NULL,
    refunded bigint NOT NULL,
    history  bytea  NOT NULL,
    lines    bytea  NOT NULL
);
