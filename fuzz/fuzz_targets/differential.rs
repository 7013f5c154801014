#![no_main]

scep_fuzz::fuzz!(differential, header: 1);
