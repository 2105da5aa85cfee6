-- The five steps of an order's life, one function each, called as one statement in a transaction of its own.
--
-- A refusal is an exception, which undoes the step. Rows that several steps share are locked in one order everywhere
-- (order, variants as the client sorted them, balances by role, quota), so steps never wait for each other in a circle.
-- The quota row is the most shared of all and comes last: it stays locked for the shortest time.

-- Marks the id of a transaction as spent and counts it against the quota of its sender's sponsor.
CREATE FUNCTION spend(tx bytea, expires timestamptz, sender bigint, size bigint) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    IF expires <= now() OR expires > now() + interval '30 days' THEN
        RAISE EXCEPTION 'EXPIRY_OUT_OF_RANGE: %', expires;
    END IF;
    INSERT INTO spent_id VALUES (expires, tx);
    UPDATE quota SET period = current_date,
                     operations_used = CASE WHEN period = current_date THEN operations_used ELSE 0 END + 1,
                     bytes_used = CASE WHEN period = current_date THEN bytes_used ELSE 0 END + size
        FROM party
        WHERE party.id = sender AND party.active AND quota.sponsor = party.sponsor
            AND CASE WHEN period = current_date THEN operations_used ELSE 0 END < operations_limit
            AND CASE WHEN period = current_date THEN bytes_used ELSE 0 END + size <= bytes_limit;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'SENDER_NOT_ACTIVE_OR_QUOTA_SPENT: party %', sender;
    END IF;
END $$;

-- The digest of an order's life after one more step.
CREATE FUNCTION history_after(history bytea, tx bytea, body bytea, at timestamptz) RETURNS bytea
    LANGUAGE sql IMMUTABLE AS $$ SELECT sha256(history || tx || sha256(body) || timestamptz_send(at)) $$;

-- The receipt of a step: its facts as JSON.
CREATE FUNCTION receipt_body(event text, tx bytea, order_id bigint, sender bigint, deadline timestamptz, facts text)
    RETURNS bytea LANGUAGE sql STABLE AS $$
    SELECT convert_to(concat('{"event":"', event, '","transaction":"', encode(tx, 'hex'), '","order":', order_id,
                             ',"by":', sender, ',"deadline":"', deadline, '",', facts, '}'), 'UTF8') $$;

-- Takes the goods out of stock and the money out of the buyer's hands, and writes the order with its lines.
CREATE FUNCTION place(tx bytea, expires timestamptz, size bigint, the_buyer bigint, the_order bigint,
                      the_merchant bigint, the_platform bigint, the_variants bigint[], the_quantities bigint[],
                      most bigint)
    RETURNS bytea LANGUAGE plpgsql AS $$
DECLARE
    due_at    timestamptz := now() + interval '2 days';
    line_paid bigint;
    total     bigint := 0;
    lines     text := '';
    body      bytea;
BEGIN
    PERFORM FROM party WHERE id = the_merchant AND active;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'MERCHANT_NOT_ACTIVE: party %', the_merchant;
    END IF;
    FOR number IN 1 .. cardinality(the_variants) LOOP
        UPDATE variant SET stock = stock - the_quantities[number] FROM listing
            WHERE variant.id = the_variants[number] AND stock >= the_quantities[number] AND the_quantities[number] > 0
                AND listing.id = variant.listing AND merchant = the_merchant AND currency = 'USD' AND on_sale
            RETURNING price * the_quantities[number] INTO line_paid;
        IF NOT FOUND THEN
            RAISE EXCEPTION 'STOCK_TOO_SMALL_OR_NOT_ON_SALE: variant %', the_variants[number];
        END IF;
        INSERT INTO order_line
            VALUES (the_order, number, the_variants[number], the_quantities[number], line_paid, 0);
        total := total + line_paid;
        lines := concat(lines, ',[', the_variants[number], ',', the_quantities[number], ',', line_paid, ']');
    END LOOP;
    IF total > most THEN
        RAISE EXCEPTION 'PRICE_ABOVE_LIMIT: % > %', total, most;
    END IF;
    UPDATE balance SET available = available - total, held = held + total
        WHERE account = the_buyer AND currency = 'USD' AND available >= total AND NOT frozen;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'BALANCE_TOO_SMALL_OR_FROZEN: party %', the_buyer;
    END IF;
    body := receipt_body('placed', tx, the_order, the_buyer, due_at,
                         concat('"paid":', total, ',"lines":[', substr(lines, 2), ']'));
    INSERT INTO hold VALUES (the_order, the_buyer, 'USD', total);
    INSERT INTO orders VALUES (the_order, the_buyer, the_merchant, NULL, the_platform, 'placed', 'USD', total, 0,
                               due_at, history_after(''::bytea, tx, body, now()));
    INSERT INTO due VALUES (due_at, the_order);
    INSERT INTO receipt (id, body) VALUES (tx, body);
    PERFORM spend(tx, expires, the_buyer, size);
    RETURN body;
END $$;

-- Moves an order that is in time from one state to the next, with a new deadline, and returns the receipt.
CREATE FUNCTION advance(tx bytea, the_order bigint, sender bigint, was order_state, becomes order_state,
                        the_carrier bigint, lasting interval) RETURNS bytea LANGUAGE plpgsql AS $$
DECLARE
    due_at  timestamptz := now() + lasting;
    due_was timestamptz;
    body    bytea := receipt_body(becomes::text, tx, the_order, sender, due_at,
                                  concat('"carrier":', coalesce(the_carrier, 0)));
BEGIN
    SELECT deadline INTO due_was FROM orders
        WHERE id = the_order AND state = was AND deadline >= now()
            AND sender = CASE was WHEN 'shipped' THEN carrier ELSE merchant END
        FOR UPDATE;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'ORDER_NOT_IN_STATE_OR_TIME: order % for party %', the_order, sender;
    END IF;
    UPDATE orders SET state = becomes, carrier = the_carrier, deadline = due_at,
                      history = history_after(history, tx, body, now())
        WHERE id = the_order;
    UPDATE due SET deadline = due_at WHERE deadline = due_was AND order_id = the_order;
    INSERT INTO receipt (id, body) VALUES (tx, body);
    RETURN body;
END $$;

-- The merchant takes the order on, as a whole.
CREATE FUNCTION accept(tx bytea, expires timestamptz, size bigint, sender bigint, the_order bigint)
    RETURNS bytea LANGUAGE plpgsql AS $$
DECLARE
    body bytea := advance(tx, the_order, sender, 'placed', 'accepted', NULL, interval '5 days');
BEGIN
    PERFORM spend(tx, expires, sender, size);
    RETURN body;
END $$;

-- The merchant hands the goods to a carrier.
CREATE FUNCTION ship(tx bytea, expires timestamptz, size bigint, sender bigint, the_order bigint, the_carrier bigint)
    RETURNS bytea LANGUAGE plpgsql AS $$
DECLARE
    body bytea;
BEGIN
    PERFORM FROM party WHERE id = the_carrier AND active;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'CARRIER_NOT_ACTIVE: party %', the_carrier;
    END IF;
    body := advance(tx, the_order, sender, 'accepted', 'shipped', the_carrier, interval '30 days');
    PERFORM spend(tx, expires, sender, size);
    RETURN body;
END $$;

-- The carrier hands the goods to the buyer.
CREATE FUNCTION deliver(tx bytea, expires timestamptz, size bigint, sender bigint, the_order bigint)
    RETURNS bytea LANGUAGE plpgsql AS $$
DECLARE
    body bytea := advance(tx, the_order, sender, 'shipped', 'delivered', sender, interval '14 days');
BEGIN
    PERFORM spend(tx, expires, sender, size);
    RETURN body;
END $$;

-- Pays one payee of a settled order.
CREATE FUNCTION pay(payee bigint, the_currency text, amount bigint) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    UPDATE balance SET available = available + amount WHERE account = payee AND currency = the_currency;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'PAYEE_WITHOUT_BALANCE: party %', payee;
    END IF;
END $$;

-- The buyer waives the rest of the return window: three payees are paid, and a digest stays of the order.
CREATE FUNCTION settle(tx bytea, expires timestamptz, size bigint, sender bigint, the_order bigint)
    RETURNS bytea LANGUAGE plpgsql AS $$
DECLARE
    settled     orders;
    lines       bytea;
    to_carrier  bigint;
    to_platform bigint;
    body        bytea;
BEGIN
    DELETE FROM orders WHERE id = the_order AND state = 'delivered' AND buyer = sender AND deadline >= now()
        RETURNING * INTO settled;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'ORDER_NOT_IN_STATE_OR_TIME: order % for party %', the_order, sender;
    END IF;
    to_carrier := settled.paid * 8 / 100;
    to_platform := settled.paid * 3 / 100;
    WITH gone AS (DELETE FROM order_line WHERE order_id = the_order RETURNING *)
    SELECT sha256(string_agg(sha256(int4send(number) || int8send(variant) || int8send(quantity) || int8send(paid)
                                    || int8send(refunded)), ''::bytea ORDER BY number))
        INTO lines FROM gone;
    DELETE FROM due WHERE deadline = settled.deadline AND order_id = the_order;
    DELETE FROM hold WHERE order_id = the_order;
    UPDATE balance SET held = held - settled.paid WHERE account = settled.buyer AND currency = settled.currency;
    PERFORM pay(settled.merchant, settled.currency, settled.paid - to_carrier - to_platform),
            pay(settled.carrier, settled.currency, to_carrier),
            pay(settled.platform, settled.currency, to_platform);
    body := receipt_body('settled', tx, the_order, sender, NULL,
                         concat('"paid":{"', settled.merchant, '":', settled.paid - to_carrier - to_platform, ',"',
                                settled.carrier, '":', to_carrier, ',"', settled.platform, '":', to_platform, '}'));
    INSERT INTO closed_order VALUES (the_order, settled.buyer, settled.merchant, settled.currency, settled.paid,
                                     settled.refunded, history_after(settled.history, tx, body, now()), lines);
    INSERT INTO receipt (id, body) VALUES (tx, body);
    PERFORM spend(tx, expires, sender, size);
    RETURN body;
END $$;
