#![no_main]

scep_fuzz::fuzz!(roles, header: 1);
