# The same words for those who have make; `python3 dev.py` is the program.
.PHONY: run test check bench
run test check bench:
	@python3 dev.py $@
