from sqlalchemy import Boolean, Column, DateTime, ForeignKey, Index, Integer, String, Table, Text, UniqueConstraint
from sqlalchemy.orm import backref, declarative_base, declared_attr, relationship

Base = declarative_base()


class IdMixin:
    id = Column(Integer, primary_key=True)

    @declared_attr
    def __tablename__(cls):
        return cls.__name__.lower() + "s"


class AuditMixin:
    @declared_attr
    def created_by_id(cls):
        return Column(Integer, ForeignKey("users.id"), nullable=True)


shelf_items = Table(
    "shelf_items",
    Base.metadata,
    Column("shelf_id", ForeignKey("shelfs.id"), primary_key=True),
    Column("item_sku", String(32), ForeignKey("item.sku"), primary_key=True),
)


class User(IdMixin, Base):
    email = Column(String(255), unique=True, nullable=False)
    is_active = Column(Boolean(), default=True, nullable=False)
    shelves = relationship("Shelf", backref=backref("keeper", lazy="joined"), foreign_keys="Shelf.keeper_id")


class Shelf(IdMixin, AuditMixin, Base):
    keeper_id = Column(Integer, ForeignKey(User.id))
    aisle = Column(Integer, nullable=False)
    level = Column(Integer, nullable=False)
    items = relationship("Item", secondary=shelf_items, back_populates="shelves")

    __table_args__ = (UniqueConstraint("aisle", "level", name="one_shelf_a_place"), {"comment": "places"})


class Item(Base):
    __tablename__ = "item"

    sku = Column(String(32), primary_key=True)
    title = Column(Text)
    checked_at = Column(DateTime(timezone=True), index=True)
    parent_sku = Column(String(32), ForeignKey("item.sku"), nullable=True)
    shelves = relationship("Shelf", secondary=shelf_items, back_populates="items")
    parent = relationship("Item", remote_side=[sku])


Index("ix_item_title_sku", Item.title, Item.sku)
