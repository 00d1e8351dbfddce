//! Filters and sorts as clients send them: `{"owner": "ann", "views": {"$gt": 10}}`, `["name", "-views"]`.
//!
//! Only facets that the asker may see can be named; a hidden field and a missing one answer alike.

use super::expr::{Comparison, Expr};
use super::filter::Filter;
use super::select::Order;
use crate::error::{Code, Error};
use crate::model::{FieldSet, Flags, Input, ModelPatch, Refusal, SyncModel, Value};

/// A client's filter may have this many parts and listed values.
const MAX_PARTS: usize = 1_000;
/// And nest this deep.
const MAX_DEPTH: usize = 16;

/// Reads a client's filter.
pub(crate) fn parse_filter<M: SyncModel>(filter: &Value, seen: &FieldSet) -> Result<Filter<M>, Error> {
    let expr = Parser::<M> { seen, model: std::marker::PhantomData }.object(filter, 0)?;
    if expr.size() > MAX_PARTS {
        let message = format!("{}: the filter has more than {MAX_PARTS} parts", M::SCHEMA.model);
        return Err(Error::new(Code::BadFrame, message));
    }
    Ok(expr.into())
}

/// Reads a client's sort: field names, each once, `-` before those that sort descending.
pub(crate) fn parse_sort<M: SyncModel>(names: &[String], seen: &FieldSet) -> Result<Vec<Order>, Error> {
    let parser = Parser::<M> { seen, model: std::marker::PhantomData };
    let order = |name: &String| {
        let (name, descending) = name.strip_prefix('-').map_or((name.as_str(), false), |name| (name, true));
        parser.field(name).map(|field| Order { field, descending })
    };
    let mut orders = Vec::<Order>::new();
    for name in names {
        let order = order(name)?;
        // A second time it decides nothing, and a frame has room for so many that comparing takes seconds.
        if orders.iter().any(|earlier| earlier.field == order.field) {
            return Err(parser.malformed(&format!("{name} is sorted by twice")));
        }
        orders.push(order);
    }
    Ok(orders)
}

struct Parser<'a, M> {
    seen: &'a FieldSet,
    model: std::marker::PhantomData<fn(&M)>,
}

impl<M: SyncModel> Parser<'_, M> {
    fn field(&self, name: &str) -> Result<usize, Error> {
        let index = M::SCHEMA.find(name).filter(|index| self.seen.has(*index));
        let index = index.ok_or_else(|| Error::refused(M::SCHEMA.model, &Refusal::unknown_field(name)))?;
        let field = &M::SCHEMA.fields[index];
        if index == M::SCHEMA.id || field.flags.has(Flags::FACET) {
            return Ok(index);
        }
        let message =
            format!("{}: {name} is not a facet: clients cannot filter or sort by it", M::SCHEMA.model);
        Err(Error::new(Code::NotFacet, message).at_field(name))
    }

    fn object(&self, filter: &Value, depth: usize) -> Result<Expr, Error> {
        let Value::Map(entries) = filter else { return Err(self.malformed("a filter is an object")) };
        if depth > MAX_DEPTH {
            return Err(self.malformed("a filter nests too deep"));
        }
        let mut parts = Vec::with_capacity(entries.len());
        for (key, value) in entries {
            parts.push(match key.as_str() {
                "$and" => Expr::And(self.list(value, depth)?),
                "$or" => Expr::Or(self.list(value, depth)?),
                "$not" => Expr::Not(Box::new(self.object(value, depth + 1)?)),
                name => self.condition(self.field(name)?, value)?,
            });
        }
        Ok(if parts.len() == 1 { parts.remove(0) } else { Expr::And(parts) })
    }

    fn list(&self, value: &Value, depth: usize) -> Result<Vec<Expr>, Error> {
        let Value::List(items) = value else { return Err(self.malformed("$and and $or take a list")) };
        items.iter().map(|item| self.object(item, depth + 1)).collect()
    }

    fn condition(&self, field: usize, value: &Value) -> Result<Expr, Error> {
        let Value::Map(operators) = value else {
            return Ok(Expr::Compare(field, Comparison::Eq, self.literal(field, value)?));
        };
        let mut parts = Vec::with_capacity(operators.len());
        for (operator, value) in operators {
            let how = match operator.as_str() {
                "$eq" => Comparison::Eq,
                "$ne" => Comparison::Ne,
                "$lt" => Comparison::Lt,
                "$lte" => Comparison::Le,
                "$gt" => Comparison::Gt,
                "$gte" => Comparison::Ge,
                "$in" => {
                    let Value::List(values) = value else { return Err(self.malformed("$in takes a list")) };
                    let values: Result<_, _> =
                        values.iter().map(|value| self.literal(field, value)).collect();
                    parts.push(Expr::In(field, values?));
                    continue;
                }
                _ => {
                    let message = format!("{operator} is not one of $eq $ne $lt $lte $gt $gte $in");
                    return Err(self.malformed(&message));
                }
            };
            parts.push(Expr::Compare(field, how, self.literal(field, value)?));
        }
        Ok(if parts.len() == 1 { parts.remove(0) } else { Expr::And(parts) })
    }

    /// The value as the field's own type reads it, so that it compares with what is stored.
    fn literal(&self, field: usize, value: &Value) -> Result<Value, Error> {
        if *value == Value::Null {
            return Ok(Value::Null);
        }
        let mut patch = M::Patch::default();
        let slot = patch.slot_mut(field);
        let read = value.with_input(&mut |input: Input<'_>| slot.read_value(input));
        let read = read.and_then(|()| slot.normalize()).and_then(|()| slot.view().to_value());
        read.map_err(|refusal| Error::refused(M::SCHEMA.model, &refusal.at(M::SCHEMA.fields[field].name)))
    }

    fn malformed(&self, reason: &str) -> Error {
        Error::new(Code::BadFrame, format!("{}: {reason}", M::SCHEMA.model))
    }
}
