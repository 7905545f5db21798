"""Products beyond health: what is priced, what it is called by partners, and who underwrites it (HF-30, HN-17)."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from gateway.domain.coverage import Coverage


@dataclass(frozen=True, slots=True)
class Product:
    """One product of the catalogue. `codes` are what partners send for it as HD04, or as HD03 where HD04 is empty.

    `insurance_line` is our own code, for 834 HD03 has none for life or AD&D (DOMAIN 4.3); '' keeps the one sent.
    `legal_entity` '' is the account's.
    """

    id: str
    insurance_line: str = ""
    legal_entity: str = ""
    codes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Catalogue:
    """The products that are configured; a plan that is not among them is a product of its own name."""

    products: Mapping[str, Product] = field(default_factory=dict)
    _of_code: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, products: Iterable[Product]) -> "Catalogue":
        """Return the catalogue of `products`, whose codes are unique."""
        listed = {product.id: product for product in products}
        codes = {code: product.id for product in listed.values() for code in product.codes}
        return cls(MappingProxyType(listed), MappingProxyType(codes))

    def product_of(self, coverage: Coverage) -> str:
        """Return what the coverage is priced as: its plan, or its insurance line where no plan was sent (HD04, HD03).

        Where that is a partner's code for a product of the catalogue, the product.
        """
        code = coverage.plan or coverage.insurance_line
        return self._of_code.get(code, code)

    def insurance_line_of(self, product: str, sent: str) -> str:
        """Return the insurance line of a product, `sent` where the catalogue names none."""
        listed = self.products.get(product)
        return listed.insurance_line or sent if listed else sent

    def legal_entity_of(self, product: str, account: str) -> str:
        """Return who underwrites a product: the catalogue's entity, else the account's."""
        listed = self.products.get(product)
        return listed.legal_entity or account if listed else account


NO_CATALOGUE = Catalogue()
