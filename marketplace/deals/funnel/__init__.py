"""The funnel: how many matches become talks, contracts, trials and payments, in public as sums, and in detail to those whose deals they are."""
