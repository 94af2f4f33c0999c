from datetime import datetime
from enum import Enum
from typing import Optional
from uuid import UUID, uuid4

from sqlalchemy import JSON, CheckConstraint, Column, ForeignKeyConstraint
from sqlmodel import Field, Relationship, SQLModel


class Currency(str, Enum):
    euro = "EUR"
    pound = "GBP"


class Timestamps(SQLModel):
    created_at: datetime = Field(default_factory=datetime.now, nullable=False)


class AccountBase(SQLModel):
    """Only a model of data: no table."""

    holder: str = Field(index=True, max_length=80)
    currency: Currency = Currency.euro


class Account(AccountBase, Timestamps, table=True):
    __tablename__ = "accounts"

    id: UUID = Field(default_factory=uuid4, primary_key=True)
    iban: str = Field(unique=True)
    extra: dict = Field(default={}, sa_column=Column("extra_data", JSON, nullable=False))
    entries: list["Entry"] = Relationship(back_populates="account")


class Entry(SQLModel, table=True):
    __table_args__ = (CheckConstraint("amount <> 0"),)

    account_id: UUID = Field(foreign_key="accounts.id", primary_key=True)
    number: int = Field(primary_key=True)
    amount: int
    note: Optional[str] = None
    account: Optional[Account] = Relationship(back_populates="entries")


class Attachment(SQLModel, table=True):
    __table_args__ = (
        ForeignKeyConstraint(["account_id", "entry_number"], ["entry.account_id", "entry.number"]),
        {"extend_existing": True},
    )

    id: int | None = Field(default=None, primary_key=True)
    account_id: UUID
    entry_number: int
