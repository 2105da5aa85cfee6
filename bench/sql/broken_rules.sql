-- What must hold of the peer's tables at any moment between two steps. Each row returned is a sentence that is not
-- true.

SELECT sentence FROM (VALUES
    ('available and held money of a currency is its supply', NOT EXISTS (
        SELECT FROM currency WHERE supply <>
            (SELECT coalesce(sum(available + held), 0) FROM balance WHERE balance.currency = code))),
    ('what an account has held is the sum of its holds', NOT EXISTS (
        SELECT FROM balance WHERE held <>
            (SELECT coalesce(sum(amount), 0) FROM hold
                WHERE hold.account = balance.account AND hold.currency = balance.currency))),
    ('an open order holds what it was paid', NOT EXISTS (
        SELECT FROM orders FULL JOIN hold ON orders.id = hold.order_id WHERE paid - refunded IS DISTINCT FROM amount)),
    ('the lines of an open order sum up to what it was paid', NOT EXISTS (
        SELECT FROM orders WHERE paid IS DISTINCT FROM (SELECT sum(paid) FROM order_line WHERE order_id = orders.id))),
    ('no order is both open and closed', NOT EXISTS (
        SELECT FROM orders JOIN closed_order USING (id))),
    ('lines belong to open orders', NOT EXISTS (
        SELECT FROM order_line LEFT JOIN orders ON orders.id = order_id WHERE orders.id IS NULL)),
    ('an open order is due once, at its deadline', NOT EXISTS (
        SELECT FROM orders FULL JOIN due ON order_id = id WHERE orders.deadline IS DISTINCT FROM due.deadline)),
    ('a spent id has a receipt, and the reverse', NOT EXISTS (
        SELECT FROM spent_id FULL JOIN receipt USING (id) WHERE receipt.id IS NULL OR spent_id.id IS NULL)),
    ('a closed order has had five steps', (
        SELECT (SELECT count(*) FROM closed_order) * 5 + (SELECT coalesce(sum(
            CASE state WHEN 'placed' THEN 1 WHEN 'accepted' THEN 2 WHEN 'shipped' THEN 3 ELSE 4 END), 0) FROM orders)
            = (SELECT count(*) FROM receipt)))
) AS rule (sentence, holds) WHERE NOT holds ORDER BY sentence;
