#![no_main]

scep_fuzz::fuzz!(real_rsa, header: 1);
