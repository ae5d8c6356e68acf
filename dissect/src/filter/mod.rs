//! Display filters: Wireshark's language, from text to a program that a dissection is asked with.
