//! A test case, as read from the files.

use std::collections::BTreeMap;

use serde_json::Value;

/// A tensor of a case. Integers are read as floats too.
#[derive(Debug, Clone)]
pub struct Given {
    pub shape: Vec<usize>,
    pub kind: String,
    pub data: Vec<f32>,
    /// Whether a number is missing: JSON has neither infinities nor NaN, and has null in place of both.
    pub has_holes: bool,
}

/// One operation with its inputs and expected outputs.
#[derive(Debug)]
pub struct Case {
    pub name: String,
    pub operation: String,
    pub inputs: BTreeMap<String, Given>,
    /// Operands and options, under the operation's names for them; the value of an operand is the name of an input.
    pub arguments: BTreeMap<String, Value>,
    pub expected: Vec<Given>,
}

impl Case {
    /// All cases of a file.
    pub fn all(text: &str) -> Vec<Self> {
        let file: Value = serde_json::from_str(text).unwrap();
        let tests = file["tests"].as_array().expect("a list of tests");
        tests.iter().map(Self::read).collect()
    }

    fn read(test: &Value) -> Self {
        let graph = &test["graph"];
        let [operator] = graph["operators"].as_array().unwrap().as_slice() else {
            panic!("{}: more than one operation", test["name"]);
        };
        let tensors = |of: &Value| -> BTreeMap<String, Given> {
            let tensors = of.as_object().unwrap().iter();
            tensors.map(|(name, value)| (name.clone(), Given::read(value))).collect()
        };
        let mut arguments = BTreeMap::new();
        for (name, value) in operator["arguments"].as_array().unwrap().iter().flat_map(|a| a.as_object().unwrap()) {
            match (name.as_str(), value) {
                ("options", Value::Object(options)) => arguments.extend(options.clone()),
                _ => drop(arguments.insert(name.clone(), value.clone())),
            }
        }
        let mut outputs = tensors(&graph["expectedOutputs"]);
        let names: Vec<&str> = match &operator["outputs"] {
            Value::Array(names) => names.iter().map(|name| name.as_str().unwrap()).collect(),
            name => vec![name.as_str().unwrap()],
        };
        Self {
            name: test["name"].as_str().unwrap().to_owned(),
            operation: operator["name"].as_str().unwrap().to_owned(),
            inputs: tensors(&graph["inputs"]),
            arguments,
            expected: names.iter().map(|name| outputs.remove(*name).unwrap()).collect(),
        }
    }

    /// The input for the operand `name`, if it is given.
    pub fn operand(&self, name: &str) -> Option<&Given> {
        self.inputs.get(self.arguments.get(name)?.as_str()?)
    }

    pub fn number(&self, name: &str) -> Option<f64> {
        self.arguments.get(name)?.as_f64()
    }

    pub fn text(&self, name: &str) -> Option<&str> {
        self.arguments.get(name)?.as_str()
    }

    pub fn sizes(&self, name: &str) -> Option<Vec<usize>> {
        let numbers = self.arguments.get(name)?.as_array()?.iter();
        Some(numbers.map(|n| n.as_u64().unwrap() as usize).collect())
    }

    pub fn size(&self, name: &str) -> Option<usize> {
        Some(self.arguments.get(name)?.as_u64()? as usize)
    }

    pub fn flag(&self, name: &str) -> bool {
        self.arguments.get(name).and_then(Value::as_bool).unwrap_or(false)
    }
}

impl Given {
    fn read(value: &Value) -> Self {
        let shape: Vec<usize> = value["descriptor"]["shape"]
            .as_array()
            .unwrap()
            .iter()
            .map(|size| size.as_u64().unwrap() as usize)
            .collect();
        let list = match &value["data"] {
            Value::Array(list) => list.clone(),
            one => vec![one.clone()],
        };
        let mut data: Vec<f32> = list.iter().map(|n| n.as_f64().unwrap_or(f64::NAN) as f32).collect();
        let len = shape.iter().product();
        if data.len() == 1 {
            // A single number fills the whole tensor.
            data = vec![data[0]; len];
        }
        Self {
            kind: value["descriptor"]["dataType"].as_str().unwrap().to_owned(),
            has_holes: list.iter().any(Value::is_null),
            shape,
            data,
        }
    }
}
