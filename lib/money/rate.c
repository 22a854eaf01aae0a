#include "money/rate.h"

int rate_parse(struct text price, int64_t units, struct rate *out, struct fault *fault)
{
	struct money amount;
	int r = money_parse(price, &amount, fault);

	if (r < 0)
		return r;
	/* Also "-0": nobody means it. */
	if (price.at[0] == '-')
		return fault_set(fault, FAULT_INVALID, "\"%.*s\" is negative", TEXT_ARGS(price));
	if (amount.attos % units != 0)
		return fault_set(fault, FAULT_RANGE,
		                 "\"%.*s\" for %lld needs more than %d decimals for one unit",
		                 TEXT_ARGS(price), (long long)units, MONEY_DECIMALS_MAX);
	out->attos_per_unit = amount.attos / units;
	return 0;
}

int rate_times(struct rate rate, int64_t count, struct money *product_out)
{
	struct money product;

	if (count < 0 || __builtin_mul_overflow(rate.attos_per_unit, (wide)count, &product.attos))
		return -FAULT_RANGE;
	/* Adding nothing checks the bounds of an amount. */
	return money_add(product, (struct money){ 0 }, product_out);
}

void rate_text(struct rate rate, int64_t units, char out[MONEY_TEXT_BYTES])
{
	/* Every rate came from a price of this many units or fewer, so this cannot overflow. */
	money_text((struct money){ rate.attos_per_unit * units }, out);
}
