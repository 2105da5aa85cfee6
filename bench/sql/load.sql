-- The parties, listings and money that the peer starts with. Roles are ranges of party numbers: merchants first, then
-- carriers, then platforms, and the rest are buyers; sponsors are the first :sponsors parties.

INSERT INTO party SELECT id, true, id % :sponsors + 1 FROM generate_series(1, :parties) AS id;
INSERT INTO quota
    SELECT id, current_date, 0, 1000000000000, 0, 1000000000000000 FROM generate_series(1, :sponsors) AS id;
INSERT INTO balance
    SELECT id, 'USD', CASE WHEN id >= :first_buyer THEN 1000000000000 ELSE 0 END, 0, false
    FROM generate_series(1, :parties) AS id;
INSERT INTO currency SELECT 'USD', sum(available) FROM balance;
INSERT INTO listing
    SELECT id, (id - 1) / :listings_each + 1, 'USD', true FROM generate_series(1, :merchants * :listings_each) AS id;
INSERT INTO variant
    SELECT id, id, 500 + id * 37 % 20000, 1000000000000 FROM generate_series(1, :merchants * :listings_each) AS id;
-- Only the tables with rows: statistics taken of an empty table would talk the planner into reading whole tables later.
VACUUM ANALYZE party, quota, balance, currency, listing, variant;
