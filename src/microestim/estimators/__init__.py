"""How many there are: closed-form answers, one room a kind of evidence; data in and an `Estimate` out."""
