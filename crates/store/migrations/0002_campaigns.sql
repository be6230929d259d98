-- Campaigns: releases on their way to a target, in waves.

CREATE TABLE campaign (
    number INTEGER PRIMARY KEY,
    product TEXT NOT NULL REFERENCES product (name),
    record TEXT NOT NULL
) STRICT;
