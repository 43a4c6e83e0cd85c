"""Registration of technology contracts (技术合同登记): what the form asks, and the pack that is handed in.

One walk: the agreement proposes the kind and most values, the side that registers adds address and technology amount, and takes
away a zip with the form data as table and on paper, the signed contract, and the hashes of all of it; later it enters the number.
"""
